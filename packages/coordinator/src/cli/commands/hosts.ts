/** Every host that the coordinator knows, and whether it is heard. */
import { EXIT, line } from '../context.ts';
import { renderHosts } from '../render/hosts.ts';
import { painter } from '../render/words.ts';
import { defineCommand } from './command.ts';

export const hosts = defineCommand<{ readonly json?: boolean }>({
  name: 'hosts',
  summary: 'every host, and whether it is heard',
  examples: ['reberth hosts', 'reberth hosts --json'],
  shape: (command) => command.option('--json', 'as JSON'),
  async run({ api, out }, { options }) {
    const rows = await (await api()).hosts();
    if (options.json) line(out, JSON.stringify(rows, undefined, 2));
    else out.write(renderHosts(rows, painter(out.colour)));
    return EXIT.done;
  },
});
