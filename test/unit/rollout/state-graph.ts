/**
 * Every state that a small plan can come to, by walking: from each state everything that can happen next happens, until nothing is new. Two
 * states are one when they differ in numbers and words alone. The small plan has what plans have: a step to be confirmed, gates on the way out
 * and back, a stage that is taken back whole, one that is taken back alone, one that is held, and a hold that was asked for.
 */
import { decide } from '@reberth/coordinator/rollout/decide.ts';
import { type OperatorCommand, operatorEvent } from '@reberth/coordinator/rollout/operator.ts';
import { reduce } from '@reberth/coordinator/rollout/reduce.ts';
import { type RolloutState, stepState } from '@reberth/coordinator/rollout/state.ts';
import type { Operation, Report } from '@reberth/protocol/ask.ts';
import type { EventBody } from '@reberth/protocol/event.ts';
import { digestOf, rolloutId, stageId } from '@reberth/protocol/ids.ts';
import { type Plan, type Step, stepsOf, type Wave } from '@reberth/protocol/plan.ts';
import { gate, plan, stage, step, wave } from '../../support/plan.ts';

export const COMMANDS = ['pause', 'resume', 'approve', 'abort', 'undo'] as const satisfies readonly OperatorCommand[];

export interface Next {
  readonly body: EventBody;
  /** True: nothing goes wrong and nobody interferes. */
  readonly benign: boolean;
}

const bare: Partial<Wave> = { exit: [], back: [] };

export const graphPlan = (onFailureOfLast: 'undo-stage' | 'hold'): Plan =>
  plan([
    stage('one', [wave('w0', [step('a/1')], bare), wave('w1', [step('b/1', { risk: 'connectivity', confirmWithinMs: 60_000 })])], {
      enter: [],
      exit: [],
    }),
    stage('two', [wave('w0', [step('c/1')], { exit: [gate('after', { onGiveUp: 'hold' })], back: [] })], {
      enter: [],
      exit: [gate('exit')],
      onFailure: onFailureOfLast,
    }),
  ]);

export function begun(of: Plan, holdAfter: string | undefined): RolloutState {
  const body: EventBody = {
    type: 'created',
    plan: of,
    planDigest: digestOf('0'.repeat(64)),
    by: 'test',
    epoch: 1,
    holdAfter: holdAfter === undefined ? undefined : stageId(holdAfter),
  };
  return reduce(undefined, { rollout: rolloutId('r-1'), seq: 1, atMs: 0, body }) as RolloutState;
}

export const after = (state: RolloutState, body: EventBody): RolloutState =>
  reduce(state, { rollout: state.rollout, seq: state.seq + 1, atMs: 0, body }) as RolloutState;

const OUTCOMES: Readonly<Record<Operation, readonly Report['outcome'][]>> = {
  do: ['done', 'noop', 'refused', 'failed'],
  undo: ['undone', 'failed', 'refused'],
  confirm: ['confirmed', 'failed', 'refused'],
};

export const reportOn = (state: RolloutState, { id, host }: Step, operation: Operation, outcome: Report['outcome']): EventBody => ({
  type: 'reported',
  report: {
    ...{ rollout: state.rollout, step: id, host, operation, outcome, attempt: stepState(state, id).attempts },
    ...{ left: 'after', why: '', startedAtMs: 0, endedAtMs: 0, outputs: {} },
  },
});

/** All that can happen next by itself: what the decider wants, and every way in which the world may answer. */
export function happenings(state: RolloutState): readonly Next[] {
  const commands = decide(state);
  const decision = commands.find((command) => command.do === 'record');
  return commands.flatMap((command): readonly Next[] => {
    switch (command.do) {
      case 'record':
        return command === decision ? [{ body: command.body, benign: true }] : [];
      case 'ask': {
        const { operation, attempt } = command;
        return decision === undefined ? [{ body: { type: 'asked', step: command.step.id, operation, attempt, counter: 1 }, benign: true }] : [];
      }
      case 'repeat':
        return OUTCOMES[command.operation].map((outcome, index) => ({
          body: reportOn(state, command.step, command.operation, outcome),
          benign: index === 0,
        }));
      case 'judge': {
        const { key } = command.gate;
        return [
          { body: { type: 'gate-judged', gate: key, verdict: { is: 'pass' } }, benign: true },
          { body: { type: 'gate-gave-up', gate: key, why: 'not in time' }, benign: false },
        ];
      }
      case 'sign':
        throw new Error('no step of this plan is signed');
      default:
        return command satisfies never;
    }
  });
}

export function operated(state: RolloutState, command: OperatorCommand): { readonly ok: boolean; readonly state: RolloutState } {
  const accepted = operatorEvent(state, command, 'test');
  if (!accepted.ok) return { ok: false, state };
  return { ok: true, state: accepted.body === undefined ? state : after(state, accepted.body) };
}

export function everyState(from: readonly RolloutState[]): readonly RolloutState[] {
  const known = new Map<string, RolloutState>();
  const toVisit = [...from];
  for (let state = toVisit.pop(); state !== undefined; state = toVisit.pop()) {
    const key = essence(state);
    if (known.has(key)) continue;
    known.set(key, state);
    for (const { body } of happenings(state)) toVisit.push(after(state, body));
    for (const command of COMMANDS) toVisit.push(operated(state, command).state);
  }
  return [...known.values()];
}

/** What decides how it goes on. */
function essence(state: RolloutState): string {
  const { standing, outcome, direction, scope, turnWanted, holdAfter, holdPassed, stages, plan: of } = state;
  return JSON.stringify([
    [standing, outcome, direction, scope, turnWanted !== undefined, holdAfter, holdPassed, of.stages.at(-1)?.onFailure],
    of.stages.map(({ id }) => stages[id]?.standing),
    [...stepsOf(of)].map(({ step: { id } }) => {
      const { standing: stands, operation, confirmed, touched } = stepState(state, id);
      return [stands, operation, confirmed, touched];
    }),
    Object.entries(state.gates)
      .map(([key, { verdict, gaveUp }]) => `${key} ${verdict.is} ${gaveUp}`)
      .sort(),
  ]);
}
