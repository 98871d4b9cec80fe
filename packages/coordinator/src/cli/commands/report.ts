/** What a rollout came to: outcome, stages, hosts, availability, Nodes and pods. */
import { Option } from 'commander';
import { EXIT, line } from '../context.ts';
import { renderReport } from '../render/report.ts';
import { renderReportHtml } from '../render/report-html.ts';
import { painter } from '../render/words.ts';
import { defineCommand, onRollout } from './command.ts';

export const report = defineCommand<{ readonly format: 'text' | 'json' | 'html'; readonly json?: boolean }>({
  name: 'report',
  summary: 'what a rollout came to, with what was measured',
  examples: ['reberth report', 'reberth report --format json', 'reberth report r-20261123-093012-4f1a --format html > report.html'],
  shape: (command) =>
    onRollout(command)
      .addOption(new Option('--format <FORMAT>', 'how it is written').choices(['text', 'json', 'html']).default('text'))
      .option('--json', 'same as --format json'),
  async run(context, { options, args: [rollout = ''] }) {
    const document = await (await context.api()).report(rollout);
    const { out } = context;
    if (options.json || options.format === 'json') line(out, JSON.stringify(document, undefined, 2));
    else out.write(options.format === 'html' ? renderReportHtml(document) : renderReport(document, painter(out.colour)));
    return EXIT.done;
  },
});
