import { type Deadlines, deadlineAfter, leftMs, tokenOf } from '@reberth/agent/deadline/deadlines.ts';
import { createMemoryDeadlines } from '@reberth/agent/deadline/memory-deadlines.ts';
import { linuxDeadlines } from '@reberth/agent/host/linux/deadlines.ts';
import test from 'ava';
import { createFakeSystemd, STARTED_AT_US } from './fake-systemd.ts';

const IMPLEMENTATIONS: Readonly<Record<string, () => Deadlines>> = {
  memory: createMemoryDeadlines,
  linux: () => linuxDeadlines(createFakeSystemd().run),
};

for (const [name, create] of Object.entries(IMPLEMENTATIONS)) {
  test(`${name}: what was armed is told until it is disarmed; either twice is fine`, async (t) => {
    const deadlines = create();
    t.deepEqual(await deadlines.armed(), []);
    await deadlines.arm('a1', 60_000);
    await deadlines.arm('b2', 60_000);
    await deadlines.arm('a1', 60_000);
    t.deepEqual([...(await deadlines.armed())].sort(), ['a1', 'b2']);
    await deadlines.disarm('a1');
    await deadlines.disarm('a1');
    t.deepEqual(await deadlines.armed(), ['b2']);
  });

  test(`${name}: time only grows within a boot`, async (t) => {
    const deadlines = create();
    const [first, second] = [await deadlines.now(), await deadlines.now()];
    t.is(first.boot, second.boot);
    t.not(first.boot, '');
    t.true(second.uptimeMs >= first.uptimeMs && first.uptimeMs > 0);
  });
}

test('linux: the timer starts the unit that needs no agent, a little after the deadline, and on time', async (t) => {
  const systemd = createFakeSystemd();
  await linuxDeadlines(systemd.run).arm('a1', 15_000);
  const [, unit, afterStartMs] =
    /^\/usr\/bin\/systemd-run --quiet --unit=(\S+) --on-startup=(\d+)ms --timer-property=AccuracySec=100ms$/.exec(systemd.ran.at(-1) ?? '') ?? [];
  t.is(unit, 'reberth-revert@a1.service');
  // Counted from the start of systemd, so that a daemon-reload does not begin it anew.
  const inMs = Number(afterStartMs) + STARTED_AT_US / 1_000 - Number(process.hrtime.bigint() / 1_000_000n);
  t.true(inMs > 14_000 && inMs <= 16_001, String(inMs));
});

test('linux: a timer that cannot be started or stopped is said so', async (t) => {
  const systemd = createFakeSystemd();
  const deadlines = linuxDeadlines(systemd.run);
  systemd.refuse('Failed to connect to bus');
  await t.throwsAsync(deadlines.arm('a1', 1), { message: /cannot .*: Failed to connect to bus/ });
  await t.throwsAsync(deadlines.disarm('a1'), { message: /Failed to connect to bus/ });
});

test('a deadline has passed when its time is over, or when the host was started again', (t) => {
  const deadline = deadlineAfter({ boot: 'x', uptimeMs: 1_000 }, 500);
  t.is(leftMs(deadline, { boot: 'x', uptimeMs: 1_000 }), 500);
  t.is(leftMs(deadline, { boot: 'x', uptimeMs: 1_499 }), 1);
  t.is(leftMs(deadline, { boot: 'x', uptimeMs: 1_500 }), 0);
  t.is(leftMs(deadline, { boot: 'x', uptimeMs: 9_999 }), 0);
  t.is(leftMs(deadline, { boot: 'y', uptimeMs: 1 }), 0);
});

test('a token is fit for the name of a unit, and another one for every attempt', (t) => {
  const step = { rollout: 'r-1', step: 'widen-vip/192.0.2.41/load' };
  const tokens = [1, 2, 3].map((doAttempt) => tokenOf({ ...step, doAttempt }));
  t.is(new Set(tokens).size, 3);
  for (const token of tokens) t.regex(token, /^[0-9a-f]{16}$/);
});
