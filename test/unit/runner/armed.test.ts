import { readJournal } from '@reberth/agent/journal/journal.ts';
import { stepId } from '@reberth/protocol/ids.ts';
import test from 'ava';
import { askTo, FILE, file, newWorld, runnerOn, textOf } from './fakes.ts';

const WITHIN_MS = 15_000;
const DO = askTo('do', { confirmWithinMs: WITHIN_MS });
const CONFIRM = askTo('confirm', { attempt: 2, confirmWithinMs: WITHIN_MS });
const HOUR_MS = 3_600_000;

test('a step is armed on the disk, old content and timer included, before its first write', async (t) => {
  const world = newWorld();
  const seen: string[] = [];
  const runner = await runnerOn(world, (name, effect) => {
    if (name === 'writeFile' && seen.length === 0) {
      seen.push('written');
      const [entry] = readJournal(world.storage.content).ledger.values();
      t.like(entry?.deadline, { boot: 'boot-1', atUptimeMs: 20_000, withinMs: WITHIN_MS });
      t.true([...world.storage.blobs.values()].map(String).includes('old'));
    }
    if (name === 'arm') t.deepEqual(seen, []);
    return effect();
  });
  await runner.perform(DO);
  t.deepEqual(seen, ['written']);
  t.is((await world.deadlines.armed()).length, 1);
  t.deepEqual(runner.openSteps(), ['switch/app']);
});

test('a step that cannot be armed is not begun', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world, async (name, effect) => {
    if (name === 'arm') throw new Error('cannot start the timer of the deadline: no systemd');
    return effect();
  });
  const report = await runner.perform(DO);
  t.like(report, { outcome: 'failed', left: 'before' });
  t.regex(report.why, /no systemd; nothing was changed/);
  t.is(textOf(world), 'old');
  t.deepEqual(runner.openSteps(), []);
});

test('a step that wants no confirmation is never armed', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world, async (name, effect) => {
    if (['arm', 'now'].includes(name)) throw new Error(name);
    return effect();
  });
  t.is((await runner.perform(askTo('do'))).outcome, 'done');
  t.deepEqual(await runner.takeBackOverdue(), []);
});

test('confirmed in time it stays, is disarmed, and a repeat gets the same answer', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  await runner.perform(DO);
  world.deadlines.pass(WITHIN_MS - 1);
  t.deepEqual(await runner.takeBackOverdue(), []);
  const confirmed = await runner.perform(CONFIRM);
  t.like(confirmed, { outcome: 'confirmed', left: 'after', why: '' });
  t.deepEqual(await world.deadlines.armed(), []);
  world.deadlines.pass(HOUR_MS);
  t.deepEqual(await runner.takeBackOverdue(), []);
  const again = await runnerOn(world);
  await again.recover();
  t.deepEqual(await again.perform(CONFIRM), confirmed);
  t.is(textOf(world), 'new');
  t.true(again.isKnown(CONFIRM));
});

test('not confirmed in time it is taken back, and every later ask is answered so', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  await runner.perform(DO);
  world.deadlines.pass(WITHIN_MS);
  const [report] = await runner.takeBackOverdue();
  t.like(report, { operation: 'undo', outcome: 'undone', left: 'before', why: 'not confirmed within 15 s: this host took it back by itself' });
  t.is(textOf(world), 'old');
  t.is(world.running, 'old');
  t.deepEqual(await world.deadlines.armed(), []);
  for (const each of [runner, await runnerOn(world)]) {
    t.like(await each.perform(CONFIRM), { outcome: 'failed', left: 'before', why: 'it was taken back here before it was confirmed' });
    t.like(await each.perform(DO), { outcome: 'refused', left: 'before' });
    t.like(await each.perform(askTo('undo', { attempt: 3 })), { outcome: 'undone', left: 'before', attempt: 3 });
    t.deepEqual(await each.takeBackOverdue(), []);
  }
  t.is(textOf(world), 'old');
  t.is((await runner.perform(askTo('do', { attempt: 4, confirmWithinMs: WITHIN_MS }))).outcome, 'done');
  t.is((await world.deadlines.armed()).length, 1, 'a new attempt has a deadline of its own');
});

for (const stepMs of [HOUR_MS, -HOUR_MS]) {
  test(`the wall clock stepped by ${stepMs / HOUR_MS} hour neither takes it back early nor late`, async (t) => {
    const world = newWorld();
    const runner = await runnerOn(world);
    await runner.perform(DO);
    world.clockOffMs = stepMs;
    world.deadlines.pass(WITHIN_MS - 1);
    for (const each of [runner, await runnerOn(world)]) {
      await each.recover();
      t.deepEqual(await each.takeBackOverdue(), []);
    }
    t.is(textOf(world), 'new');
    world.deadlines.pass(1);
    t.is((await runner.takeBackOverdue()).length, 1);
    t.is(textOf(world), 'old');
  });
}

test('started again before the deadline the agent waits on, with a timer; after it the step is taken back at once', async (t) => {
  const world = newWorld();
  await (await runnerOn(world)).perform(DO);
  for (const token of await world.deadlines.armed()) await world.deadlines.disarm(token);
  world.deadlines.pass(10_000);
  const second = await runnerOn(world);
  await second.recover();
  t.is(textOf(world), 'new');
  t.is((await world.deadlines.armed()).length, 1, 'a timer that was lost is set again');
  world.deadlines.pass(4_999);
  t.deepEqual(world.deadlines.rung(), [], 'for what was left of the time');
  world.deadlines.pass(1);
  t.is(world.deadlines.rung().length, 1);
  await (await runnerOn(world)).recover();
  t.is(textOf(world), 'old');
});

test('after a power cut nothing unconfirmed is left, however short it was', async (t) => {
  const world = newWorld();
  await (await runnerOn(world)).perform(DO);
  world.deadlines.reboot();
  const runner = await runnerOn(world);
  await runner.recover();
  t.is(textOf(world), 'old');
  t.deepEqual(runner.openSteps(), []);
});

test('after a power cut what was confirmed stays', async (t) => {
  const world = newWorld();
  const first = await runnerOn(world);
  await first.perform(DO);
  await first.perform(CONFIRM);
  world.deadlines.reboot();
  await (await runnerOn(world)).recover();
  t.is(textOf(world), 'new');
});

test('a confirmation and the deadline at the same moment: the one that comes first wins, the other is told so', async (t) => {
  for (const first of ['confirm', 'deadline'] as const) {
    const world = newWorld();
    const runner = await runnerOn(world);
    await runner.perform(DO);
    world.deadlines.pass(WITHIN_MS);
    const deeds = { confirm: () => runner.perform(CONFIRM), deadline: () => runner.takeBackOverdue() };
    const [confirmed, taken] =
      first === 'confirm'
        ? await Promise.all([deeds.confirm(), deeds.deadline()])
        : (await Promise.all([deeds.deadline(), deeds.confirm()])).toReversed();
    t.like(confirmed, { outcome: first === 'confirm' ? 'confirmed' : 'failed' });
    t.is((taken as readonly unknown[]).length, first === 'confirm' ? 0 : 1);
    t.is(textOf(world), first === 'confirm' ? 'new' : 'old');
  }
});

test('what failed and was left half done is taken back at the deadline too', async (t) => {
  const world = newWorld();
  let fails = true;
  const runner = await runnerOn(world, async (name, effect) => {
    if (name === 'restartUnit' && fails) throw new Error('cannot restart app.service');
    return effect();
  });
  t.like(await runner.perform(DO), { outcome: 'failed', left: 'between' });
  t.like(await runner.perform(CONFIRM), { outcome: 'failed', left: 'between', why: 'it failed here, so there is nothing to confirm' });
  fails = false;
  world.deadlines.pass(WITHIN_MS);
  t.like((await runner.takeBackOverdue())[0], { outcome: 'undone' });
  t.is(textOf(world), 'old');
});

test('what cannot be taken back is tried again, and the ask to undo it that comes later is tried too', async (t) => {
  const world = newWorld();
  let fails = false;
  const runner = await runnerOn(world, async (name, effect) => {
    if (name === 'restartUnit' && fails) throw new Error('cannot restart app.service');
    return effect();
  });
  await runner.perform(DO);
  fails = true;
  world.deadlines.pass(WITHIN_MS);
  t.like((await runner.takeBackOverdue())[0], { outcome: 'failed', left: 'between' });
  t.like((await runner.takeBackOverdue())[0], { outcome: 'failed', left: 'between' });
  t.like(await runner.perform(CONFIRM), { outcome: 'failed', why: 'it is being taken back here, and was not confirmed before' });
  fails = false;
  t.like(await runner.perform(askTo('undo', { attempt: 3 })), { outcome: 'undone' });
  t.is(world.running, 'old');
  t.deepEqual(runner.openSteps(), []);
});

test('at the deadline too a foreign edit is left alone, and the step goes on waiting', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  await runner.perform(DO);
  world.files.set(FILE, file('edited by hand'));
  world.deadlines.pass(WITHIN_MS);
  const length = world.storage.content.length;
  for (let round = 0; round < 3; round += 1) t.like((await runner.takeBackOverdue())[0], { outcome: 'refused', left: 'foreign' });
  t.is(world.storage.content.length, length, 'and the journal does not grow');
  t.is(textOf(world), 'edited by hand');
  t.deepEqual(runner.openSteps(), ['switch/app']);
  world.files.set(FILE, file('new'));
  t.like((await runner.takeBackOverdue())[0], { outcome: 'undone' });
});

test('undoing everything on the host disarms as well', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  await runner.perform(DO);
  t.deepEqual(
    (await runner.undoEverything()).map(({ outcome }) => outcome),
    ['undone'],
  );
  t.deepEqual(await world.deadlines.armed(), []);
  t.deepEqual(runner.openSteps(), []);
});

test('several that are due are taken back newest first, and nothing else', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  const on = (name: string, confirmWithinMs: number) =>
    askTo('do', {
      step: stepId(name),
      confirmWithinMs,
      params: { file: `/etc/${name}`, to: 'new' },
      expect: [{ path: `/etc/${name}`, before: 'absent', after: DO.expect[0]?.after ?? 'absent' }],
    });
  // Its own file each; the fake service is shared, so only the order of the reports is looked at.
  for (const [name, withinMs] of [
    ['a', 5_000],
    ['b', 50_000],
    ['c', 5_000],
  ] as const)
    await runner.perform(on(name, withinMs));
  world.deadlines.pass(5_000);
  t.deepEqual(
    (await runner.takeBackOverdue()).map(({ step }) => step),
    ['c', 'a'],
  );
});

test('a confirmation of what was never done, or under another plan, is not given', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  t.like(await runner.perform(CONFIRM), { outcome: 'failed', left: 'before', why: 'nothing was done here' });
  await runner.perform(DO);
  t.like(await runner.perform({ ...CONFIRM, planDigest: askTo('do').planDigest.replace(/^./, 'e') as typeof CONFIRM.planDigest }), {
    outcome: 'refused',
  });
  t.is((await world.deadlines.armed()).length, 1);
});

test('a timer that cannot be stopped rings for nothing', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world, async (name, effect) => {
    if (name === 'disarm') throw new Error('cannot stop the timer');
    return effect();
  });
  await runner.perform(DO);
  t.is((await runner.perform(CONFIRM)).outcome, 'confirmed');
  world.deadlines.pass(HOUR_MS);
  t.deepEqual(await runner.takeBackOverdue(), []);
  await (await runnerOn(world)).recover();
  t.is(textOf(world), 'new');
});
