/** The record of a rollout, as it was journaled. */
import type { Plan } from '@reberth/protocol/plan.ts';
import { EXIT, line } from '../context.ts';
import { eventLine } from '../render/lines.ts';
import { defineCommand, onRollout } from './command.ts';

export const events = defineCommand<{ readonly json?: boolean }>({
  name: 'events',
  summary: 'the record of a rollout',
  examples: ['reberth events', 'reberth events --json | jq -c .body'],
  shape: (command) => onRollout(command).option('--json', 'every event as NDJSON'),
  async run({ api, out }, { options, args: [rollout = ''] }) {
    let plan: Plan | undefined;
    for await (const event of (await api()).watch(rollout, 0, false)) {
      if (event.body.type === 'created') plan = event.body.plan;
      const text = options.json ? JSON.stringify(event) : eventLine(event, plan);
      if (text !== undefined) line(out, text);
    }
    return EXIT.done;
  },
});
