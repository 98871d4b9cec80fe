import { createAvailability } from '@reberth/coordinator/availability/availability.ts';
import type { Called, Caller } from '@reberth/coordinator/availability/caller.ts';
import type { Endpoint } from '@reberth/protocol/plan.ts';
import test from 'ava';

const OLD: Endpoint = { address: '192.0.2.39', port: 8443 };
const NEW: Endpoint = { address: '192.0.2.40', port: 8443 };
const INTERVAL_MS = 100;

/** A clock that stands still until it is moved, and an endpoint that takes its time. */
function world(answer: (endpoint: Endpoint, nowMs: number) => { readonly called: Called; readonly afterMs?: number; readonly held?: 'broken' }) {
  let nowMs = 0;
  const sleepers = new Map<() => void, number>();
  const closed: string[] = [];
  const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const wake = () => {
        sleepers.delete(wake);
        resolve();
      };
      if (ms <= 0 || signal?.aborted) return resolve();
      sleepers.set(wake, nowMs + ms);
      signal?.addEventListener('abort', wake, { once: true });
    });
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const caller: Caller = {
    async call(endpoint) {
      const { called, afterMs = 0 } = answer(endpoint, nowMs);
      await sleep(afterMs);
      return called;
    },
    hold: (endpoint) => ({
      async request() {
        return answer(endpoint, nowMs).held === 'broken' ? { is: 'broken', why: 'read ECONNRESET' } : { is: 'answered' };
      },
      close: () => closed.push(endpoint.address),
    }),
  };
  return {
    availability: createAvailability({ caller, intervalMs: INTERVAL_MS, clock: { nowMs: () => nowMs, sleep } }),
    closed,
    sleepers,
    async until(ms: number) {
      await settle();
      while (nowMs < ms) {
        nowMs = Math.min(ms, ...[...sleepers.values()].filter((atMs) => atMs > nowMs));
        for (const [wake, atMs] of [...sleepers]) if (atMs <= nowMs) wake();
        await settle();
      }
    },
  };
}

const ok = { called: { ok: true } } as const;
const refused = { called: { ok: false, why: 'connect ECONNREFUSED' } } as const;

test('each endpoint is called once in every interval, beginning at once', async (t) => {
  const { availability, until } = world(() => ok);
  availability.start([OLD, NEW]);
  await until(950);
  t.deepEqual(availability.observations(), [
    { ...OLD, probes: 10, failed: 0, longestGapMs: 0, slowestMs: 0, heldBroken: 0 },
    { ...NEW, probes: 10, failed: 0, longestGapMs: 0, slowestMs: 0, heldBroken: 0 },
  ]);
});

test('failures are counted with the gap that they tore and the last reason', async (t) => {
  const { availability, until } = world((_endpoint, nowMs) => (nowMs >= 300 && nowMs < 500 ? refused : ok));
  availability.start([OLD]);
  await until(950);
  t.like(availability.observations()[0], { probes: 10, failed: 2, longestGapMs: 300, lastFailure: '1970-01-01T00:00:00.400Z connect ECONNREFUSED' });
});

test('a slow answer holds nobody up: the ticks that it covers fall out and the schedule stays', async (t) => {
  const { availability, until } = world((_endpoint, nowMs) => ({ ...ok, afterMs: nowMs === 100 ? 350 : 0 }));
  availability.start([OLD]);
  await until(950);
  // At 0 and 100, then 500 to 900.
  t.is(availability.observations()[0]?.probes, 7);
});

test('a held connection that breaks is counted apart', async (t) => {
  const { availability, until } = world((_endpoint, nowMs) => (nowMs === 200 ? { ...ok, held: 'broken' } : ok));
  availability.start([OLD]);
  await until(550);
  t.like(availability.observations()[0], { failed: 0, heldBroken: 1 });
});

test('an endpoint that stays watched keeps its counts, one that is dropped is gone and its connection closed', async (t) => {
  const { availability, until, closed } = world(() => ok);
  availability.start([OLD, NEW]);
  await until(450);
  availability.start([NEW]);
  await until(950);
  t.deepEqual(
    availability.observations().map(({ address, probes }) => [address, probes]),
    [[NEW.address, 10]],
  );
  t.deepEqual(closed, [OLD.address]);
});

test('after a stop nothing is called, the counts can still be read, and a new start begins anew', async (t) => {
  const { availability, until, sleepers } = world(() => ok);
  availability.start([OLD]);
  await until(450);
  availability.stop();
  await until(451);
  t.is(sleepers.size, 0);
  t.is(availability.observations()[0]?.probes, 5);
  availability.start([OLD]);
  await until(500);
  t.is(availability.observations()[0]?.probes, 1);
});

test('what ends because nobody wants it any more is not counted', async (t) => {
  const { availability, until } = world((_endpoint, nowMs) => (nowMs === 100 ? { ...refused, afterMs: 50 } : ok));
  availability.start([OLD]);
  await until(120);
  availability.stop();
  await until(300);
  t.like(availability.observations()[0], { probes: 1, failed: 0 });
});
