import { advance, nothingYet } from '@reberth/coordinator/cli/render/progress.ts';
import type { EventBody } from '@reberth/protocol/event.ts';
import { hostId, rolloutId, stepId } from '@reberth/protocol/ids.ts';
import test from 'ava';

const standingAfter = (...bodies: readonly EventBody[]): string =>
  bodies.reduce((progress, body, index) => advance(progress, { rollout: rolloutId('r-1'), seq: index + 1, atMs: index, body }), nothingYet).standing
    .is;

const paused: EventBody = { type: 'paused', by: 'operator' };

test('a paused rollout stays paused for its viewer when a step that is through is confirmed', (t) => {
  t.is(standingAfter(paused, { type: 'asked', step: stepId('a/1'), operation: 'confirm', attempt: 2, counter: 2 }), 'paused');
});

test('a paused rollout stays paused for its viewer when a host answers again', (t) => {
  t.is(standingAfter(paused, { type: 'reachable', host: hostId('a') }), 'paused');
  t.is(standingAfter(paused, { type: 'resumed', by: 'operator' }), 'running');
});
