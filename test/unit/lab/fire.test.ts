/** What judges the lab under fire must itself be able to say no. */
import type { EventBody, RolloutEvent } from '@reberth/protocol/event.ts';
import { digestOf, rolloutId, stageId, stepId } from '@reberth/protocol/ids.ts';
import test from 'ava';
import { isMoment } from '../../chaos/case.ts';
import { CASES } from '../../chaos/cases.ts';
import { disturbed, type Population, unlikePlanned } from '../../support/lab/after-fire.ts';
import { promisedAfter, promisedAtFirst } from '../../support/lab/promised.ts';
import { plan, stage, step, wave } from '../../support/plan.ts';

const event = (body: EventBody): RolloutEvent => ({ rollout: rolloutId('r-1'), seq: 1, atMs: 0, body });
const stageEvent = (type: 'stage-started' | 'stage-ended', name: string, direction: 'forward' | 'back' = 'forward') =>
  event({ type, stage: stageId(name), direction });

test('the new address is promised once it is served, the old one until it begins to be withdrawn, and each again on the way back', (t) => {
  const seen = [
    stageEvent('stage-started', 'widen-vip'),
    stageEvent('stage-ended', 'widen-vip'),
    stageEvent('stage-started', 'narrow-vip'),
    stageEvent('stage-started', 'narrow-vip', 'back'),
    stageEvent('stage-ended', 'narrow-vip', 'back'),
    stageEvent('stage-started', 'widen-vip', 'back'),
  ];
  let promised = promisedAtFirst;
  const course = seen.map((one) => {
    promised = promisedAfter(promised, one);
    return `${promised.old ? 'old' : ''}${promised.new ? 'new' : ''}`;
  });
  t.deepEqual(course, ['old', 'oldnew', 'new', 'new', 'oldnew', 'old']);
});

const HASH = digestOf('a'.repeat(64));
const planned = plan([
  stage('one', [
    wave('w', [
      step('192.0.2.41/file', {
        expect: [
          { path: '/etc/a', before: digestOf('b'.repeat(64)), after: HASH },
          { path: '/etc/k.reberth', before: 'absent', after: 'made-on-host' },
        ],
      }),
    ]),
  ]),
]);
const files = (a: string, more: Readonly<Record<string, string>> = {}) =>
  new Map(Object.entries({ '.41 /etc/a': `644 0 0 ${a}`, '.41 /etc/other': '644 0 0 same', ...more }));

test('files that are all as planned are no mixture', (t) => {
  t.deepEqual(unlikePlanned(planned, files('b'.repeat(64)), files(HASH)), []);
});

test('a file left behind, a staged key that stayed and a file that the plan does not name are each told', (t) => {
  const before = files('b'.repeat(64));
  t.deepEqual(unlikePlanned(planned, before, before), ['.41 /etc/a is not as planned']);
  t.deepEqual(unlikePlanned(planned, before, files(HASH, { '.41 /etc/k.reberth': '600 0 0 k' })), ['.41 /etc/k.reberth is not as planned']);
  t.deepEqual(unlikePlanned(planned, before, files(HASH, { '.41 /etc/other': '644 0 0 else' })), [
    '.41 /etc/other changed, and the plan does not name it',
  ]);
});

const population = (identity: string, uid = '1'): Population => ({
  nodes: [`192.0.2.43 ${uid} 10.0.0.0/24 `],
  pods: [{ name: 'web', node: '192.0.2.43', identity }],
});

test('a restarted pod counts unless its host lost power; another Node object always counts', (t) => {
  t.deepEqual(disturbed(population('u restarts 0'), population('u restarts 1'), []), ['pod web on 192.0.2.43 was restarted or replaced']);
  t.deepEqual(disturbed(population('u restarts 0'), population('u restarts 1'), ['.43']), []);
  t.is(disturbed(population('u'), population('u', '2'), ['.43']).length, 1);
});

test('a fault is struck at the step of its host, going forward only', (t) => {
  const asked = (id: string, operation: 'do' | 'undo' = 'do') => event({ type: 'asked', step: stepId(id), operation, attempt: 1, counter: 1 });
  const moment = { stage: 'widen-vip', host: '192.0.2.42', step: 'load' };
  t.true(isMoment(moment, asked('widen-vip/192.0.2.42/load')));
  t.false(isMoment(moment, asked('widen-vip/192.0.2.42/load', 'undo')));
  t.false(isMoment(moment, asked('widen-vip/192.0.2.42/stage')));
  t.true(isMoment({ stage: 'soak' }, stageEvent('stage-started', 'soak')));
  t.false(isMoment({ stage: 'soak' }, stageEvent('stage-started', 'soak', 'back')));
});

test('no two cases have one name', (t) => {
  t.is(new Set(CASES.map(({ name }) => name)).size, CASES.length);
});
