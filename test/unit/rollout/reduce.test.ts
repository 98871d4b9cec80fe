import { replay } from '@reberth/coordinator/rollout/reduce.ts';
import { stepState } from '@reberth/coordinator/rollout/state.ts';
import type { Report } from '@reberth/protocol/ask.ts';
import type { EventBody } from '@reberth/protocol/event.ts';
import { digestOf, rolloutId } from '@reberth/protocol/ids.ts';
import { stepsOf } from '@reberth/protocol/plan.ts';
import test from 'ava';
import { smallPlan } from '../../support/plan.ts';

const ROLLOUT = rolloutId('r-1');
const plan = smallPlan();
const created: EventBody = { type: 'created', plan, planDigest: digestOf('0'.repeat(64)), by: 'operator', epoch: 1 };
const [first] = stepsOf(plan);
if (first === undefined) throw new Error('the plan has no step');
const { id: step, host } = first.step;
const asked: EventBody = { type: 'asked', step, operation: 'do', attempt: 1, counter: 1 };
const report = (change: Partial<Report> = {}): EventBody => ({
  type: 'reported',
  report: {
    ...{ rollout: ROLLOUT, step, host, operation: 'do', attempt: 1, outcome: 'done', left: 'after', why: '' },
    ...{ startedAtMs: 0, endedAtMs: 1, outputs: {} },
    ...change,
  },
});

function stateAfter(...bodies: readonly EventBody[]) {
  const state = replay([created, ...bodies].map((body, index) => ({ rollout: ROLLOUT, seq: index + 1, atMs: index * 1_000, body })));
  if (state === undefined) throw new Error('no state');
  return state;
}

test('a host that was unreachable and has reported is unreachable no more', (t) => {
  const silent: EventBody = { type: 'unreachable', step, host, why: 'its agent has been silent for 10 s' };
  t.deepEqual(stateAfter(asked, silent).unreachable, { [host]: 'its agent has been silent for 10 s' });
  const state = stateAfter(asked, silent, report());
  t.deepEqual(state.unreachable, {});
  t.is(stepState(state, step).standing, 'done');
});

test('a late report of an earlier attempt settles nothing, and yet its host was heard', (t) => {
  const again: EventBody = { type: 'asked', step, operation: 'undo', attempt: 2, counter: 2 };
  const silent: EventBody = { type: 'unreachable', step, host, why: 'silent' };
  const state = stateAfter(asked, again, silent, report());
  t.is(stepState(state, step).standing, 'asked');
  t.deepEqual(state.unreachable, {});
});

test('held for something else and resumed, it still holds after the stage that was named', (t) => {
  const [one] = plan.stages;
  if (one === undefined) throw new Error('the plan has no stage');
  const begun: EventBody = { ...created, type: 'created', holdAfter: one.id };
  const after = (...bodies: readonly EventBody[]) =>
    replay([begun, ...bodies].map((body, index) => ({ rollout: ROLLOUT, seq: index + 1, atMs: index * 1_000, body })));
  const held: EventBody = { type: 'held', why: 'a gate' };
  const resumed: EventBody = { type: 'resumed', by: 'operator' };
  const ended: EventBody = { type: 'stage-ended', stage: one.id, direction: 'forward' };
  t.false(after(held, resumed)?.holdPassed);
  t.true(after(held, resumed, ended, held, resumed)?.holdPassed);
});

test('a step that is done anew makes the gates behind it be looked at anew, and those before it stay (simulator, seed 1888)', (t) => {
  const gates = ['one/enter/0', 'one/0/exit/0', 'one/1/exit/0', 'one/exit/0', 'two/enter/0'];
  const opened = gates.map((gate): EventBody => ({ type: 'gate-opened', gate }));
  const second = [...stepsOf(plan)].find(({ waveIndex }) => waveIndex === 1)?.step.id;
  if (second === undefined) throw new Error('the plan has no second wave');
  const anew = stateAfter(...opened, { type: 'asked', step: second, operation: 'do', attempt: 3, counter: 9 });
  t.deepEqual(Object.keys(anew.gates), ['one/enter/0', 'one/0/exit/0', 'two/enter/0']);
  const undone = stateAfter(...opened, { type: 'asked', step: second, operation: 'undo', attempt: 3, counter: 9 });
  t.deepEqual(Object.keys(undone.gates), gates);
});
