import { type Happening, newTally, observationOf, type Tally, tallied } from '@reberth/protocol/tally.ts';
import test from 'ava';

const answered: Happening = { is: 'answered', tookMs: 12 };
const failed: Happening = { is: 'failed', why: 'connect ECONNREFUSED' };

const after = (...happenings: readonly (readonly [number, Happening])[]): Tally =>
  happenings.reduce((tally, [atMs, happening]) => tallied(tally, happening, atMs), newTally);

test('an endpoint that always answers has no gap, however slow the schedule', (t) => {
  t.like(after([0, answered], [900, answered], [5_000, answered]), { probes: 3, failed: 0, longestGapMs: 0 });
});

test('the gap runs from the success before the failures to the success after them', (t) => {
  t.like(after([0, answered], [250, failed], [500, failed], [750, answered]), { probes: 4, failed: 2, longestGapMs: 750 });
});

test('a slow answer is no failure, and the slowest is told', (t) => {
  t.like(after([0, answered], [4_900, { is: 'answered', tookMs: 4_650.4 }], [5_000, answered]), { failed: 0, longestGapMs: 0, slowestMs: 4_650 });
});

test('the longest of several gaps is kept', (t) => {
  t.is(after([0, answered], [250, failed], [900, answered], [1_000, failed], [1_100, answered]).longestGapMs, 900);
});

test('a gap that has not ended counts for as long as it was seen', (t) => {
  t.is(after([0, answered], [250, failed], [4_000, failed]).longestGapMs, 4_000);
});

test('an endpoint that never answered has failures and no gap', (t) => {
  t.like(after([0, failed], [250, failed]), { probes: 2, failed: 2, longestGapMs: 0 });
});

test('a broken held connection is counted apart and named as the last failure', (t) => {
  const tally = after([0, answered], [1_795_426_000_000, { is: 'held-broken', why: 'read ECONNRESET' }]);
  t.like(observationOf({ address: '192.0.2.39', port: 8443 }, tally), {
    address: '192.0.2.39',
    port: 8443,
    probes: 1,
    failed: 0,
    heldBroken: 1,
    lastFailure: '2026-11-23T09:26:40.000Z held connection: read ECONNRESET',
  });
});
