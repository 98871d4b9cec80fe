/**
 * What must hold when everything has come to rest: each host before or after by a look at the host alone (P5), and the rollout's own report
 * in agreement with the hosts' journals, read here line by line, and with the hosts (P7).
 */
import { reportOf } from '@reberth/coordinator/rollout/report.ts';
import { standingOf } from '@reberth/coordinator/rollout/standing.ts';
import type { RolloutState } from '@reberth/coordinator/rollout/state.ts';
import { stepsOf } from '@reberth/protocol/plan.ts';
import type { Broken } from './checks.ts';
import { reality } from './fleet.ts';
import type { World } from './world.ts';

const P5 = 'P5, before or after and never a mixture';
const P7 = 'P7, the report equals the journals';

export function isSettled(world: World): boolean {
  const state = world.coordinators.state();
  if (state === undefined || state.standing === 'running') return false;
  return Object.values(state.steps).every(({ standing }) => standing !== 'asked');
}

export function brokenAtRest(world: World): readonly Broken[] {
  const state = world.coordinators.state();
  if (state === undefined) return [{ promise: 'liveness', why: 'no coordinator knows of the rollout' }];
  const { next, text } = standingOf(state);
  return [...(next === '' ? [{ promise: 'P8, a way out of every state', why: text }] : []), ...mixtures(world, state), ...lies(world, state)];
}

/** Half done is allowed only where the rollout is held for the operator and says so of this very step. */
function mixtures(world: World, state: RolloutState): readonly Broken[] {
  return [...stepsOf(world.fleet.plan)].flatMap(({ step }) => {
    // Refused: what an earlier attempt left half done is not tried again, and the words say so.
    const said = ['failed', 'undo-failed', 'refused'].includes(state.steps[step.id]?.standing ?? 'none') && state.standing !== 'ended';
    return !said && reality(world.machine(step.host).disk, step) === 'mixture' ? [{ promise: P5, why: `${step.id} is half done` }] : [];
  });
}

function lies(world: World, state: RolloutState): readonly Broken[] {
  const report = reportOf(state);
  const broken: Broken[] = [];
  const say = (why: string): void => void broken.push({ promise: P7, why });
  const told = new Map(report.hosts.flatMap(({ steps }) => steps.map(({ id, outcome }) => [id, outcome])));
  for (const { step } of stepsOf(world.fleet.plan)) {
    const { host, id } = step;
    const journal = journalOf(world, host).get(id) ?? 'nothing';
    const there = reality(world.machine(host).disk, step);
    const outcome = told.get(id) ?? 'missing';
    if (journal === 'open') say(`${id}: the journal of ${host} has it begun and not ended`);
    if (journal === 'done' && there === 'before') say(`${id}: the journal of ${host} says done, the host is before`);
    if (journal !== 'done' && journal !== 'failed' && there === 'after') say(`${id}: the journal of ${host} says ${journal}, the host is after`);
    if (report.outcome === 'done' && journal !== 'done') say(`the report says done; ${id}: the journal of ${host} says ${journal}`);
    if (report.outcome === 'rolled-back' && (journal === 'done' || journal === 'failed'))
      say(`the report says rolled back; ${id}: the journal of ${host} says ${journal}`);
    if (agrees(outcome, journal, step.confirmWithinMs > 0)) continue;
    say(`${id}: the report says ${outcome}, the journal of ${host} says ${journal}`);
  }
  return broken;
}

/** A host may have taken back by itself what nobody confirmed; the coordinator hears of that when it asks next. */
function agrees(told: string, journal: string, mayRevert: boolean): boolean {
  switch (told) {
    case 'done':
    case 'noop':
      return journal === 'done' || (mayRevert && journal === 'undone');
    case 'undone':
    case 'not started':
      return journal === 'undone' || journal === 'nothing';
    case 'refused':
      return journal !== 'done';
    default:
      return true;
  }
}

/** Step → what its last records come to. Read from the raw lines, not through the code that wrote them. */
export function journalOf(world: World, host: string): ReadonlyMap<string, 'open' | 'done' | 'undone' | 'failed'> {
  const standing = new Map<string, 'open' | 'done' | 'undone' | 'failed'>();
  for (const line of world.machine(host).storage.content.toString('utf8').split('\n').slice(0, -1)) {
    const record = JSON.parse(line.slice(line.indexOf('{'))) as { is: string; step?: string; report?: { operation: string; outcome: string } };
    const { is, step, report } = record;
    if (step === undefined) continue;
    if (is === 'intent' || is === 'undo-intent') standing.set(step, 'open');
    else if (is === 'ended' && report !== undefined) standing.set(step, ending(report.outcome));
  }
  return standing;
}

const ending = (outcome: string): 'done' | 'undone' | 'failed' =>
  outcome === 'done' || outcome === 'noop' ? 'done' : outcome === 'undone' ? 'undone' : 'failed';
