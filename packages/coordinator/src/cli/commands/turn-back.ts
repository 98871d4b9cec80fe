/** The ways back, `abort` and `undo`: ask, then follow until everything is as it was. Rolled back is what was wanted, so it is a success here. */
import { ReberthError } from '@reberth/protocol/errors.ts';
import type { OperatorCommand } from '../../api/service.ts';
import { type CliContext, EXIT, line } from '../context.ts';
import { exitOf, follow, replay } from '../follow.ts';
import { type CliCommand, defineCommand, onRollout } from './command.ts';
import { printStatus, showStatus } from './rollout-status.ts';

interface Way {
  readonly name: Extract<OperatorCommand, 'abort' | 'undo'>;
  readonly summary: string;
  /** Asked before, unless --yes; an emergency brake asks nothing. */
  readonly question?: string;
}

export const turnBack = ({ name, summary, question }: Way): CliCommand =>
  defineCommand<{ readonly json?: boolean; readonly yes?: boolean }>({
    name,
    summary,
    examples: [question === undefined ? `reberth ${name}` : `reberth ${name} --yes`, `reberth ${name} r-20261123-093012-4f1a`],
    shape: (command) => {
      onRollout(command).option('--json', 'events as NDJSON');
      return question === undefined ? command : command.option('--yes', 'do not ask');
    },
    async run(context, { options, args: [named = ''] }) {
      const api = await context.api();
      const status = await api.status(named);
      const json = options.json ?? false;
      if (status.state === 'none')
        throw new ReberthError('rollout-unknown', `cannot ${name}: there is no rollout`, { hint: 'reberth plan --to ADDRESS' });
      if (question !== undefined && !options.yes && !(await consent(context, `${status.rollout} is ${status.state}. ${question}`, name)))
        return EXIT.done;
      const from = await replay(api, status.rollout);
      const answer = await api.command(name, status.rollout);
      if (!json) showStatus(context, answer, false);
      const progress = await follow(context, { rollout: status.rollout, json, from, interrupt: 'leave' });
      if (!json) await printStatus(context, status.rollout);
      return exitOf(progress, 'rolled-back');
    },
  });

async function consent(context: CliContext, question: string, name: string): Promise<boolean> {
  const answer = await context.confirm(question);
  if (answer === undefined) throw new ReberthError('usage', 'cannot ask for your consent: there is no terminal', { hint: `reberth ${name} --yes` });
  if (!answer) line(context.err, 'nothing was asked of the coordinator\nnext:  reberth status');
  return answer;
}
