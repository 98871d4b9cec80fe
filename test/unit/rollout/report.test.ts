import { replay } from '@reberth/coordinator/rollout/reduce.ts';
import { reportOf } from '@reberth/coordinator/rollout/report.ts';
import type { EventBody, RolloutEvent } from '@reberth/protocol/event.ts';
import { digestOf, rolloutId, stageId } from '@reberth/protocol/ids.ts';
import type { Observation } from '@reberth/protocol/query.ts';
import test from 'ava';
import { smallPlan } from '../../support/plan.ts';

const created: EventBody = { type: 'created', plan: smallPlan(), planDigest: digestOf('0'.repeat(64)), by: 'operator', epoch: 1 };

function availabilityAfter(...measured: readonly (readonly [string, Partial<Observation>])[]) {
  const bodies = measured.map(
    ([stage, seen]): EventBody => ({
      type: 'measured',
      stage: stageId(stage),
      observer: 'a',
      observations: [{ address: '192.0.2.39', port: 8443, probes: 0, failed: 0, longestGapMs: 0, slowestMs: 0, heldBroken: 0, ...seen }],
    }),
  );
  const state = replay([created, ...bodies].map((body, index): RolloutEvent => ({ rollout: rolloutId('r-1'), seq: index + 1, atMs: index, body })));
  return state === undefined ? [] : reportOf(state).availability;
}

test('held connections that broke are told for the stage in which they broke', (t) => {
  const rows = availabilityAfter(['one', { probes: 10, heldBroken: 1 }], ['two', { probes: 30, failed: 2, longestGapMs: 40, heldBroken: 3 }]);
  t.deepEqual(
    rows.map(({ stage, probes, failed, longestGapMs, heldBroken }) => ({ stage, probes, failed, longestGapMs, heldBroken })),
    [
      { stage: 'one', probes: 10, failed: 0, longestGapMs: 0, heldBroken: 1 },
      { stage: 'two', probes: 20, failed: 2, longestGapMs: 40, heldBroken: 2 },
    ],
  );
});

test('an observer that began anew counts from nothing', (t) => {
  const rows = availabilityAfter(['one', { probes: 50, heldBroken: 4 }], ['two', { probes: 5, heldBroken: 1 }]);
  t.deepEqual(
    rows.map(({ probes, heldBroken }) => [probes, heldBroken]),
    [
      [50, 4],
      [5, 1],
    ],
  );
});

test('a broken connection is told even when nothing else was asked in the stage', (t) => {
  t.is(availabilityAfter(['one', { probes: 10 }], ['two', { probes: 10, heldBroken: 1 }])[1]?.heldBroken, 1);
});
