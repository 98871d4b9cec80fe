/** Starts a plan after consent and follows it to its end. What runs is what was approved: the plan travels with its digest. */
import { ReberthError } from '@reberth/protocol/errors.ts';
import { endpointText, isEmptyPlan, stepsOf } from '@reberth/protocol/plan.ts';
import { type CliContext, EXIT, line } from '../context.ts';
import { exitOf, follow } from '../follow.ts';
import { readPlanFile, type SavedPlan } from '../plan-file.ts';
import { nothingYet } from '../render/progress.ts';
import { count } from '../render/words.ts';
import { defineCommand } from './command.ts';
import { printStatus } from './rollout-status.ts';

interface Options {
  readonly yes?: boolean;
  readonly holdAfter?: string;
  readonly json?: boolean;
}

export const apply = defineCommand<Options>({
  name: 'apply',
  summary: 'carry out a plan, with live progress; ctrl-C pauses it',
  examples: ['reberth apply', 'reberth apply move.json --yes', 'reberth apply --hold-after widen-vip', 'reberth apply --yes --json | jq .body.type'],
  shape: (command) =>
    command
      .argument('[PLAN]', 'file with the plan; the latest one made here when left out')
      .option('--yes', 'do not ask')
      .option('--hold-after <STAGE>', 'stop after this stage and wait for reberth resume')
      .option('--json', 'events as NDJSON'),
  async run(context, { options, args: [file] }) {
    const saved = await readPlanFile(file ?? context.places.planFile);
    if (isEmptyPlan(saved.plan)) {
      line(context.err, `Nothing to do: ${saved.plan.cluster} is at ${endpointText(saved.plan.to)} already.`);
      return EXIT.done;
    }
    if (!options.yes && !(await consent(context, saved))) {
      line(context.err, 'nothing was started\nnext:  reberth apply, when you are ready');
      return EXIT.done;
    }
    const api = await context.api();
    const rollout = await api.apply(saved.bytes, saved.digest, options.holdAfter ?? '');
    const json = options.json ?? false;
    const progress = await follow(context, { rollout, json, from: nothingYet, interrupt: 'pause' });
    if (!json) await printStatus(context, rollout);
    const stillRunning = progress.ended === undefined && progress.standing.is === 'running';
    return stillRunning ? EXIT.held : exitOf(progress, 'done');
  },
});

async function consent(context: CliContext, { plan, digest }: SavedPlan): Promise<boolean> {
  const steps = [...stepsOf(plan)].length;
  line(context.err, `plan ${digest.slice(0, 12)}: move ${plan.cluster} from ${endpointText(plan.from)} to ${endpointText(plan.to)}`);
  line(
    context.err,
    `${count(steps, 'step')} in ${count(plan.stages.length, 'stage')} on ${count(plan.hosts.length, 'host')}, made ${plan.createdAt}`,
  );
  const answer = await context.confirm('Carry it out?');
  if (answer === undefined) throw new ReberthError('usage', 'cannot ask for your consent: there is no terminal', { hint: 'reberth apply --yes' });
  return answer;
}
