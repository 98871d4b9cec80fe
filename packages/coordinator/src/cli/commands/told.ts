/** Commands that tell the coordinator one thing and print the state that it led to: pause, resume, approve. */
import type { OperatorCommand } from '../../api/service.ts';
import { EXIT } from '../context.ts';
import { type CliCommand, defineCommand, onRollout } from './command.ts';
import { showStatus } from './rollout-status.ts';

export const told = (name: Extract<OperatorCommand, 'pause' | 'resume' | 'approve'>, summary: string): CliCommand =>
  defineCommand<{ readonly json?: boolean }>({
    name,
    summary,
    examples: [`reberth ${name}`, `reberth ${name} r-20261123-093012-4f1a --json`],
    shape: (command) => onRollout(command).option('--json', 'the answer as JSON'),
    async run(context, { options, args: [rollout = ''] }) {
      showStatus(context, await (await context.api()).command(name, rollout), options.json ?? false);
      return EXIT.done;
    },
  });
