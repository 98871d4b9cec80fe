import { admit, isAhead, type Standing } from '@reberth/agent/link/admit.ts';
import type { Ask } from '@reberth/protocol/ask.ts';
import { digestOf, hostId, rolloutId, stepId } from '@reberth/protocol/ids.ts';
import test from 'ava';

const HOST = hostId('192.0.2.41');
const NOW = 1_000_000;
const ask = (more: Partial<Ask> = {}): Ask => ({
  rollout: rolloutId('r'),
  step: stepId('s'),
  operation: 'do',
  attempt: 1,
  planDigest: digestOf('0'.repeat(64)),
  host: HOST,
  epoch: 3,
  counter: 7,
  expiresAtMs: NOW + 1,
  kind: 'k',
  version: 1,
  params: {},
  expect: [],
  confirmWithinMs: 0,
  inputs: {},
  ...more,
});
const standing = (more: Partial<Standing> = {}): Standing => ({ host: HOST, mark: { epoch: 3, counter: 6 }, known: false, fetched: false, ...more });
const verdictOf = (theAsk: Ask, stand: Standing) => admit(theAsk, stand, NOW);

test('a current ask for this host is accepted, also with a higher epoch and a counter that begins anew', (t) => {
  t.is(verdictOf(ask(), standing()).verdict, 'accept');
  t.is(verdictOf(ask({ epoch: 4, counter: 0 }), standing()).verdict, 'accept');
});

test('a copy of an ask that was accepted and left no trace begins nothing: it may have been refused, and whoever still wants it asks anew', (t) => {
  t.like(verdictOf(ask(), standing({ mark: { epoch: 3, counter: 7 } })), { verdict: 'refuse', tell: false });
});

test('an ask for another host is refused in silence', (t) => {
  t.like(verdictOf(ask({ host: hostId('192.0.2.42') }), standing()), { verdict: 'refuse', tell: false });
});

test('an older epoch is refused in silence, even for a step that is known: the newer one awaits an answer to the same attempt', (t) => {
  t.like(verdictOf(ask({ epoch: 2 }), standing({ known: true })), { verdict: 'refuse', tell: false });
});

test('a lower counter is refused in silence, because a genuine one is asked again; unless the step is known: then the journal answers', (t) => {
  t.like(verdictOf(ask({ counter: 5 }), standing()), { verdict: 'refuse', tell: false });
  t.is(verdictOf(ask({ counter: 5 }), standing({ known: true })).verdict, 'repeat');
  t.is(verdictOf(ask({ counter: 5, expiresAtMs: 0 }), standing({ known: true })).verdict, 'repeat');
});

test('an expired ask is refused: aloud when heard live, in silence when it was kept for us', (t) => {
  t.like(verdictOf(ask({ expiresAtMs: NOW }), standing()), { verdict: 'refuse', tell: true });
  t.like(verdictOf(ask({ expiresAtMs: NOW }), standing({ fetched: true })), { verdict: 'refuse', tell: false });
});

test('marks are ordered by epoch first', (t) => {
  t.true(isAhead({ epoch: 2, counter: 0 }, { epoch: 1, counter: 9 }));
  t.true(isAhead({ epoch: 1, counter: 1 }, { epoch: 1, counter: 0 }));
  t.false(isAhead({ epoch: 1, counter: 1 }, { epoch: 1, counter: 1 }));
  t.false(isAhead({ epoch: 0, counter: 5 }, { epoch: 1, counter: 0 }));
});
