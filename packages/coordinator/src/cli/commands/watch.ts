/** Follows a rollout that runs already. Leaving it changes nothing. */
import { EXIT } from '../context.ts';
import { exitOf, follow } from '../follow.ts';
import { nothingYet } from '../render/progress.ts';
import { defineCommand, onRollout } from './command.ts';
import { printStatus, showStatus } from './rollout-status.ts';

export const watch = defineCommand<{ readonly json?: boolean }>({
  name: 'watch',
  summary: 'follow a rollout until it ends or is held; leaving changes nothing',
  examples: ['reberth watch', 'reberth watch r-20261123-093012-4f1a --json'],
  shape: (command) => onRollout(command).option('--json', 'events as NDJSON'),
  async run(context, { options, args: [named = ''] }) {
    const status = await (await context.api()).status(named);
    const json = options.json ?? false;
    if (status.state === 'none') {
      showStatus(context, status, json);
      return EXIT.done;
    }
    const progress = await follow(context, { rollout: status.rollout, json, from: nothingYet, interrupt: 'leave' });
    if (!json) await printStatus(context, status.rollout);
    return exitOf(progress, 'done');
  },
});
