/** How everything is: once, or again and again until ctrl-C. Ends with 1 when the last report named a problem. */
import type { HealthReport } from '../../api/service.ts';
import { type CliContext, EXIT, line } from '../context.ts';
import { renderHealth } from '../render/health.ts';
import { painter } from '../render/words.ts';
import { defineCommand, secondsToMs } from './command.ts';

interface Options {
  readonly watch?: boolean;
  readonly interval?: number;
  readonly json?: boolean;
}

export const health = defineCommand<Options>({
  name: 'health',
  summary: 'how hosts, Nodes, endpoints and the rollout are',
  examples: ['reberth health', 'reberth health --watch', 'reberth health --watch --interval 10 --json'],
  shape: (command) =>
    command
      .option('--watch', 'again and again until ctrl-C')
      .option('--interval <SECONDS>', 'pause between reports', secondsToMs)
      .option('--json', 'as NDJSON'),
  async run(context, { options: { watch = false, interval = 0, json = false } }) {
    const stop = new AbortController();
    const release = context.onInterrupt(() => stop.abort());
    let last: HealthReport | undefined;
    try {
      for await (const report of (await context.api()).health(watch, interval, stop.signal)) {
        last = report;
        show(context, report, { watch, json });
      }
    } finally {
      release();
      if (watch && !json && context.out.isTerminal) context.picture.done();
    }
    return last?.level === 'problem' ? EXIT.failed : EXIT.done;
  },
});

function show({ out, picture }: CliContext, report: HealthReport, { watch, json }: { readonly watch: boolean; readonly json: boolean }): void {
  if (json) {
    line(out, JSON.stringify(report));
    return;
  }
  const text = renderHealth(report, painter(out.colour));
  if (watch && out.isTerminal) picture.draw(text);
  else out.write(watch ? `${text}\n` : text);
}
