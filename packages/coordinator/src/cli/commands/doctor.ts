/** Looks at everything a move depends on. Ends with 1 when there is a problem, so that scripts can ask first. */
import { EXIT, line } from '../context.ts';
import { renderDoctor } from '../render/doctor.ts';
import { painter } from '../render/words.ts';
import { defineCommand } from './command.ts';

export const doctor = defineCommand<{ readonly json?: boolean }>({
  name: 'doctor',
  summary: 'look at everything a move depends on',
  examples: ['reberth doctor', 'reberth doctor --json'],
  shape: (command) => command.option('--json', 'as JSON'),
  async run({ api, out }, { options }) {
    const findings = await (await api()).doctor();
    if (options.json) line(out, JSON.stringify(findings, undefined, 2));
    else out.write(renderDoctor(findings, painter(out.colour)));
    return findings.some(({ level }) => level === 'problem') ? EXIT.failed : EXIT.done;
  },
});
