/** Who leads, judged by a clock of the test's own: when a lease is taken, kept, lost and given up. */
import { judgeLease } from '@reberth/coordinator/leadership/judge-lease.ts';
import { type Leadership, openLeadership } from '@reberth/coordinator/leadership/leadership.ts';
import type { Lease, LeasePort } from '@reberth/coordinator/leadership/lease.ts';
import { LEASE_LIMITS } from '@reberth/coordinator/leadership/limits.ts';
import { executorWhenLeading, standbyStatus } from '@reberth/coordinator/leadership/standby.ts';
import test, { type ExecutionContext } from 'ava';
import { until } from '../../integration/support.ts';

const lease = (more: Partial<Lease> = {}): Lease => ({ owner: 'host-41', instance: 'a', released: false, ...more });

test('a lease that changes is left alone, one that stands still is taken after its time by our own clock', (t) => {
  const first = judgeLease(undefined, { lease: lease(), revision: 7 }, 1_000, 100);
  t.deepEqual(first, { watched: { revision: 7, sinceMs: 1_000 }, take: false });
  t.false(judgeLease(first.watched, { lease: lease(), revision: 7 }, 1_099, 100).take);
  t.true(judgeLease(first.watched, { lease: lease(), revision: 7 }, 1_100, 100).take);
  t.deepEqual(judgeLease(first.watched, { lease: lease(), revision: 8 }, 9_000, 100), { watched: { revision: 8, sinceMs: 9_000 }, take: false });
});

test('one that nobody has, or that was given up, is taken at once', (t) => {
  t.true(judgeLease(undefined, undefined, 0, 100).take);
  t.true(judgeLease(undefined, { lease: lease({ released: true }), revision: 3 }, 0, 100).take);
});

test('a leader gives up before another takes over, with time for an election of the servers', (t) => {
  t.true(LEASE_LIMITS.holdMs + 2 * LEASE_LIMITS.renewMs < LEASE_LIMITS.expireMs);
  t.true(LEASE_LIMITS.holdMs > 5_300 + LEASE_LIMITS.renewMs);
});

interface Shared extends LeasePort {
  fails: boolean;
  /** The next write is stored, and its answer lost. */
  losesAnswer: boolean;
  kept: { lease: Lease; revision: number } | undefined;
}

function sharedLease(): Shared {
  const shared: Shared = {
    fails: false,
    losesAnswer: false,
    kept: undefined,
    async read() {
      if (shared.fails) throw new Error('no quorum');
      return shared.kept;
    },
    async write(value, revision) {
      if (shared.fails) throw new Error('no quorum');
      if ((shared.kept?.revision ?? 0) !== revision) return undefined;
      shared.kept = { lease: value, revision: revision + 1 };
      if (!shared.losesAnswer) return revision + 1;
      shared.losesAnswer = false;
      throw new Error('no answer');
    },
  };
  return shared;
}

const LIMITS = { renewMs: 10, holdMs: 400, expireMs: 600 };

function open(t: ExecutionContext, port: LeasePort, owner: string, nowMs = () => performance.now()) {
  const lost: string[] = [];
  const warnings: string[] = [];
  const log = { info: () => undefined, warn: (_fields: object, message: string) => void warnings.push(message) };
  const leadership: Leadership = openLeadership({
    port,
    owner,
    limits: LIMITS,
    log,
    nowMs,
    onLost: (why) => lost.push(why),
  });
  leadership.gained.catch(() => undefined);
  t.teardown(() => leadership.close());
  return { leadership, lost, warnings };
}

test('the first leads, the second stands by and names it; given up in order, the second follows at once', async (t) => {
  const port = sharedLease();
  const first = open(t, port, 'host-41');
  await first.leadership.gained;
  t.true(first.leadership.holds());
  const second = open(t, port, 'host-42');
  await until('it knows', () => {
    const standing = second.leadership.standing();
    return standing.is === 'standby' && standing.of === 'host-41';
  });
  t.false(second.leadership.holds());
  await first.leadership.close();
  t.false(first.leadership.holds());
  await second.leadership.gained;
  t.deepEqual([first.lost, second.lost], [[], []]);
});

test('whose lease was taken by another is told so once, and holds it no more', async (t) => {
  const port = sharedLease();
  const { leadership, lost } = open(t, port, 'host-41');
  await leadership.gained;
  port.kept = { lease: lease({ instance: 'b', owner: 'host-42' }), revision: 99 };
  await until('it knows', () => lost.length > 0);
  t.deepEqual(lost, ['another coordinator has taken over']);
  t.false(leadership.holds());
  t.deepEqual(leadership.standing(), { is: 'out' });
});

test('a renewal whose answer was lost is recognised as our own', async (t) => {
  const port = sharedLease();
  const { leadership, lost } = open(t, port, 'host-41');
  await leadership.gained;
  port.losesAnswer = true;
  await until('the answer was lost', () => !port.losesAnswer);
  const revision = port.kept?.revision ?? 0;
  await until('it renews again', () => (port.kept?.revision ?? 0) > revision + 1);
  t.deepEqual(lost, []);
  t.true(leadership.holds());
});

test('a leader that cannot renew leads on for its time and no longer', async (t) => {
  const port = sharedLease();
  let atMs = 0;
  const { leadership, lost, warnings } = open(t, port, 'host-41', () => atMs);
  await leadership.gained;
  port.fails = true;
  atMs = LIMITS.holdMs - 1;
  await until('it failed some times', () => warnings.length >= 3);
  t.true(leadership.holds());
  t.deepEqual(lost, []);
  atMs = LIMITS.holdMs;
  t.false(leadership.holds());
  await until('it gives up', () => lost.length > 0);
  t.regex(lost[0] ?? '', /not renewed within 400 ms: no quorum/);
});

test('a process that stood still holds nothing from the moment it wakes, before anybody told it', async (t) => {
  let aheadMs = 0;
  const { leadership, lost } = open(t, sharedLease(), 'host-41', () => performance.now() + aheadMs);
  await leadership.gained;
  aheadMs = LIMITS.holdMs;
  t.false(leadership.holds());
  await until('it gives up', () => lost.length > 0);
  t.regex(lost[0] ?? '', /stood still/);
});

test('a standby says whose it is, and refuses what is the leader’s to answer by the name of the leader', async (t) => {
  const standing = { is: 'standby', of: 'host-41' } as const;
  t.like(standbyStatus(standing), { state: 'none', text: 'standby of host-41', next: 'reberth status on host-41' });
  const executor = executorWhenLeading(
    () => standing,
    () => undefined,
  );
  const refusal = { code: 'rollout-state', message: /standby of host-41/ };
  await t.throwsAsync(executor.command('', 'pause', 'operator'), refusal);
  t.throws(() => executor.state(''), refusal);
  t.throws(() => executor.events('', 0, true, new AbortController().signal), refusal);
});
