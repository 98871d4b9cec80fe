import { operatorEvent } from '@reberth/coordinator/rollout/operator.ts';
import { replay } from '@reberth/coordinator/rollout/reduce.ts';
import { noRollout, standingOf } from '@reberth/coordinator/rollout/standing.ts';
import type { EventBody, RolloutEvent } from '@reberth/protocol/event.ts';
import { digestOf, hostId, rolloutId, stageId, stepId } from '@reberth/protocol/ids.ts';
import test from 'ava';
import { smallPlan } from '../../support/plan.ts';

const ROLLOUT = rolloutId('r-1');
const created: EventBody = { type: 'created', plan: smallPlan(), planDigest: digestOf('0'.repeat(64)), by: 'operator', epoch: 1 };
const started = (id: string, direction: 'forward' | 'back' = 'forward'): EventBody => ({ type: 'stage-started', stage: stageId(id), direction });
const ended = (id: string, direction: 'forward' | 'back' = 'forward'): EventBody => ({ type: 'stage-ended', stage: stageId(id), direction });

function stateAfter(...bodies: readonly EventBody[]) {
  const events = [created, ...bodies].map((body, index): RolloutEvent => ({ rollout: ROLLOUT, seq: index + 1, atMs: index * 1_000, body }));
  const state = replay(events);
  if (state === undefined) throw new Error('no state');
  return state;
}
const standingAfter = (...bodies: readonly EventBody[]) => standingOf(stateAfter(...bodies));

test('a rollout that holds between two stages says which one it has not begun, and says held once', (t) => {
  const { state, text, next } = standingAfter(started('one'), ended('one'), { type: 'held', why: 'held after stage one, as asked for' });
  t.is(state, 'held');
  t.is(
    text,
    'before stage 2 of 2, two; held after stage one, as asked for; nothing is begun until you say so, and reberth undo takes everything back',
  );
  t.is(next, 'reberth resume r-1');
});

test('a stage that was taken back is named, and resume begins it again', (t) => {
  const { text, next } = standingAfter(
    started('one'),
    ended('one'),
    started('two'),
    { type: 'turned-back', scope: 'stage', why: 'gate' },
    started('two', 'back'),
    ended('two', 'back'),
    { type: 'held', why: 'stage two was taken back: gate' },
  );
  t.regex(text, /^before stage 2 of 2, two; stage two was taken back: gate/);
  t.is(next, 'reberth resume r-1');
});

test('a rollout under way is in its stage, one on the way back takes its stage back', (t) => {
  t.regex(standingAfter(started('one')).text, /^in stage 1 of 2, one/);
  t.regex(standingAfter(started('one'), { type: 'turned-back', scope: 'all', why: 'x' }, started('one', 'back')).text, /^taking back stage 1 of 2/);
});

test('a pause says where and by whom, once', (t) => {
  t.is(standingAfter(started('one'), { type: 'paused', by: 'operator' }).text, 'in stage 1 of 2, one, by operator; nothing new is begun');
});

test('a host that is out of reach is named, with what to look at, and for no time that has passed since', (t) => {
  const { text, next } = standingAfter(started('one'), {
    type: 'unreachable',
    step: stepId('a/1'),
    host: hostId('a'),
    why: 'its agent has been silent for 10 s',
  });
  t.is(text, 'in stage 1 of 2, one; a is unreachable (its agent is silent); asked again until it answers');
  t.is(next, 'systemctl status reberth-agent on a');
});

test('what was taken back claims nothing but that, and says why', (t) => {
  const { text } = standingAfter({ type: 'ended', outcome: 'rolled-back', why: 'a: step failed' });
  t.is(text, 'everything is as it was before this rollout: a: step failed');
});

test('every state names one command, and the coordinator takes it', (t) => {
  const states: (readonly EventBody[])[] = [
    [started('one'), { type: 'paused', by: 'operator' }],
    [started('one'), { type: 'held', why: 'gate' }],
  ];
  for (const bodies of states) {
    const state = stateAfter(...bodies);
    const [, command = ''] = standingOf(state).next.split(' ');
    t.true(operatorEvent(state, command as 'resume' | 'undo', 'operator').ok, command);
  }
  t.is(noRollout.next, 'reberth plan --to ADDRESS');
});
