/** Where the rollout stands, and the one command out of that state. */
import { EXIT } from '../context.ts';
import { defineCommand, onRollout } from './command.ts';
import { showStatus } from './rollout-status.ts';

export const status = defineCommand<{ readonly json?: boolean }>({
  name: 'status',
  summary: 'where the rollout stands, and the next command',
  examples: ['reberth status', 'reberth status --json'],
  shape: (command) => onRollout(command).option('--json', 'the answer as JSON'),
  async run(context, { options, args: [rollout = ''] }) {
    showStatus(context, await (await context.api()).status(rollout), options.json ?? false);
    return EXIT.done;
  },
});
