/** What one host tells of itself, asked now. */
import { EXIT, line } from '../context.ts';
import { renderFacts } from '../render/facts.ts';
import { painter } from '../render/words.ts';
import { defineCommand } from './command.ts';

export const facts = defineCommand<{ readonly json?: boolean }>({
  name: 'facts',
  summary: 'what one host tells of itself, asked now',
  examples: ['reberth facts 192.0.2.41', 'reberth facts 192.0.2.41 --json'],
  shape: (command) => command.argument('<HOST>', 'the host as reberth hosts names it').option('--json', 'as JSON'),
  async run({ api, out }, { options, args: [host = ''] }) {
    const told = await (await api()).facts(host);
    if (options.json) line(out, JSON.stringify(told, undefined, 2));
    else out.write(renderFacts(told, painter(out.colour)));
    return EXIT.done;
  },
});
