import { createRefusingRunner } from '@reberth/agent/runner/refusing-runner.ts';
import type { Ask } from '@reberth/protocol/ask.ts';
import { sha256 } from '@reberth/protocol/canonical.ts';
import { digestOf, hostId, rolloutId, stepId } from '@reberth/protocol/ids.ts';
import test from 'ava';
import { askTo, FILE, file, hostOf, newWorld, quiet, runnerOn, textOf, UNIT } from './fakes.ts';

test('a step is done, verified and told with its outputs', async (t) => {
  const world = newWorld();
  const report = await (await runnerOn(world)).perform(askTo('do'));
  t.like(report, {
    rollout: 'r-1',
    step: 'switch/app',
    operation: 'do',
    attempt: 1,
    host: '192.0.2.44',
    outcome: 'done',
    left: 'after',
    outputs: { made: sha256('new') },
  });
  t.is(textOf(world), 'new');
  t.is(world.running, 'new');
});

test('a repeated ask is answered from the journal, also after a restart, and changes nothing', async (t) => {
  const world = newWorld();
  const first = await (await runnerOn(world)).perform(askTo('do'));
  const again = await runnerOn(world);
  t.deepEqual(await again.perform(askTo('do')), first);
  t.deepEqual(await again.perform(askTo('do', { attempt: 7 })), { ...first, attempt: 7 });
  t.is(world.starts, 2);
});

test('the same ask twice at once is done once', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  const reports = await Promise.all([runner.perform(askTo('do')), runner.perform(askTo('do'))]);
  t.deepEqual(reports[0], reports[1]);
  t.is(world.starts, 2);
});

test('the intent and the old content are on the disk before the first change', async (t) => {
  const world = newWorld();
  let keptAtFirstWrite: readonly string[] = [];
  const runner = await runnerOn(world, (name, effect) => {
    if (name === 'writeFile' && keptAtFirstWrite.length === 0)
      keptAtFirstWrite = [world.storage.content.toString(), ...[...world.storage.blobs.values()].map(String)];
    return effect();
  });
  await runner.perform(askTo('do'));
  t.regex(keptAtFirstWrite[0] ?? '', /"is":"intent".*"step":"switch\/app"/);
  t.true(keptAtFirstWrite.includes('old'));
});

const REFUSALS: readonly { readonly title: string; readonly ask: Partial<Ask>; readonly why: RegExp }[] = [
  { title: 'a kind that this agent does not know', ask: { kind: 'shell' }, why: /does not know shell version 1/ },
  { title: 'a version that this agent does not know', ask: { version: 2 }, why: /does not know setting-changed version 2/ },
  { title: 'parameters that the schema does not accept', ask: { params: { file: 7 } }, why: /setting-changed: file: .*to: / },
  {
    title: 'a file that was changed since the plan was made, with both hashes',
    ask: { expect: [{ path: FILE, before: sha256('older'), after: sha256('new') }] },
    why: new RegExp(`/etc/app.conf was changed since the plan was made: it is ${sha256('old')}, the plan was made for ${sha256('older')}`),
  },
  {
    title: 'an outcome other than the approved one, with both hashes',
    ask: { expect: [{ path: FILE, before: sha256('old'), after: sha256('newer') }] },
    why: new RegExp(`would become ${sha256('new')}, approved was ${sha256('newer')}`),
  },
  { title: 'a file that the approved plan does not have', ask: { expect: [] }, why: /\/etc\/app.conf would be changed: .* not in the approved plan/ },
  {
    title: 'an approved file that this agent would not write',
    ask: { expect: [...askTo('do').expect, { path: '/etc/other', before: 'absent', after: sha256('x') }] },
    why: /\/etc\/other would become absent/,
  },
];

for (const { title, ask, why } of REFUSALS) {
  test(`refused with nothing touched: ${title}`, async (t) => {
    const world = newWorld();
    const report = await (await runnerOn(world)).perform(askTo('do', ask));
    t.like(report, { outcome: 'refused', left: 'before' });
    t.regex(report.why, why);
    t.is(textOf(world), 'old');
    t.is(world.storage.content.length, 0);
  });
}

test('the reasons of an action against are told, and a later ask is judged anew', async (t) => {
  const world = newWorld();
  world.files.set(FILE, file('strange'));
  const runner = await runnerOn(world);
  t.like(await runner.perform(askTo('do')), { outcome: 'refused', why: '/etc/app.conf:1: holds strange' });
  world.files.set(FILE, file('old'));
  t.is((await runner.perform(askTo('do'))).outcome, 'done');
});

test('a host that cannot be looked at refuses', async (t) => {
  const runner = await runnerOn(newWorld(), async (name, effect) => {
    if (name === 'unit') throw new Error('cannot ask systemd');
    return effect();
  });
  t.like(await runner.perform(askTo('do')), { outcome: 'refused', left: 'before', why: 'cannot ask systemd' });
});

test('what is so already is a noop, and its undo takes nothing away', async (t) => {
  const world = newWorld();
  world.files.set(FILE, file('new'));
  const runner = await runnerOn(world);
  t.like(await runner.perform(askTo('do')), { outcome: 'noop', left: 'after' });
  t.like(await runner.perform(askTo('undo')), { outcome: 'undone', left: 'before' });
  t.is(textOf(world), 'new');
  t.is(world.starts, 1);
});

test('an undo gives back bytes, mode and the service, and a late ask cannot do the step again', async (t) => {
  const world = newWorld();
  world.files.set(FILE, file('old', 0o640));
  const runner = await runnerOn(world);
  await runner.perform(askTo('do'));
  t.like(await runner.perform(askTo('undo')), { outcome: 'undone', left: 'before' });
  t.deepEqual(world.files.get(FILE), file('old', 0o640));
  t.is(world.running, 'old');
  t.like(await runner.perform(askTo('do')), { outcome: 'refused', why: 'this step was undone; an earlier ask cannot do it again' });
  t.is((await runner.perform(askTo('do', { attempt: 2 }))).outcome, 'done');
});

test('an undo that comes before its do says that nothing was done, and makes the do void', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  t.like(await runner.perform(askTo('undo')), { outcome: 'undone', why: 'nothing was done here' });
  t.is((await runner.perform(askTo('do'))).outcome, 'refused');
  t.is(textOf(world), 'old');
});

test('a foreign edit is never overwritten: the undo is refused, names the file, and works once it is settled', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  await runner.perform(askTo('do'));
  world.files.set(FILE, file('edited by hand'));
  const refused = await runner.perform(askTo('undo'));
  t.like(refused, { outcome: 'refused', left: 'foreign' });
  t.regex(refused.why, new RegExp(`/etc/app.conf is neither .* it is ${sha256('edited by hand')}`));
  t.is(textOf(world), 'edited by hand');
  world.files.set(FILE, file('new'));
  t.is((await runner.perform(askTo('undo'))).outcome, 'undone');
});

test('a step that does not verify has failed, says where it left the host, and can be undone', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  const ask = askTo('do', { params: { file: FILE, to: 'broken' } });
  t.like(await runner.perform(ask), { outcome: 'failed', left: 'after', why: 'the service does not answer' });
  t.like(await runner.perform({ ...ask, attempt: 2 }), { outcome: 'refused', left: 'after' });
  t.like(await runner.perform(askTo('undo')), { outcome: 'undone', left: 'before' });
  t.is(world.running, 'old');
});

test('a step that failed on the way says that it is between, and can be undone', async (t) => {
  const world = newWorld();
  let fails = true;
  const runner = await runnerOn(world, async (name, effect) => {
    if (name === 'restartUnit' && fails) throw new Error('cannot restart app.service: it timed out');
    return effect();
  });
  t.like(await runner.perform(askTo('do')), { outcome: 'failed', left: 'between', why: 'cannot restart app.service: it timed out' });
  fails = false;
  t.is((await runner.perform(askTo('undo'))).outcome, 'undone');
  t.is(textOf(world), 'old');
});

test('an undo that fails is told so, and tried again by the next attempt only', async (t) => {
  const world = newWorld();
  let fails = false;
  const runner = await runnerOn(world, async (name, effect) => {
    if (name === 'restartUnit' && fails) throw new Error('cannot restart app.service');
    return effect();
  });
  await runner.perform(askTo('do'));
  fails = true;
  t.like(await runner.perform(askTo('undo')), { outcome: 'failed', left: 'between', why: 'cannot restart app.service' });
  fails = false;
  t.is((await runner.perform(askTo('undo'))).outcome, 'failed');
  t.is((await runner.perform(askTo('undo', { attempt: 2 }))).outcome, 'undone');
  t.is(world.running, 'old');
});

test('an ask for a known step under another plan is refused', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  await runner.perform(askTo('do'));
  for (const operation of ['do', 'undo'] as const)
    t.like(await runner.perform(askTo(operation, { planDigest: digestOf('e'.repeat(64)) })), { outcome: 'refused' });
  t.is(textOf(world), 'new');
});

test('a file made on the host may be changed by a later step of the rollout, by nobody else and by no other rollout', async (t) => {
  const make = askTo('do', {
    step: stepId('make'),
    params: { file: FILE, to: 'secret', secret: true },
    inputs: { made: 'k1' },
    expect: [{ path: FILE, before: sha256('old'), after: 'made-on-host' }],
  });
  const next = askTo('do', { step: stepId('next'), expect: [] });
  const world = newWorld();
  const runner = await runnerOn(world);
  t.is((await runner.perform(make)).outcome, 'done');
  t.regex((await runner.perform({ ...next, rollout: rolloutId('r-2') })).why, /not in the approved plan/);
  world.files.set(FILE, file('k2'));
  t.regex((await runner.perform(next)).why, /this rollout made/);
  world.files.set(FILE, file('k1'));
  t.is((await runner.perform(next)).outcome, 'done');
});

test('when the journal takes no write the step is not begun, and no later one either', async (t) => {
  const world = newWorld();
  let full = true;
  const runner = await runnerOn(world, async (name, effect) => {
    if (name === 'append' && full) throw new Error('no space left');
    return effect();
  });
  await t.throwsAsync(runner.perform(askTo('do')), { message: /cannot write the journal: no space left/ });
  full = false;
  await t.throwsAsync(runner.perform(askTo('do')), { message: /an earlier write failed/ });
  t.is(textOf(world), 'old');
});

test('when the old content cannot be kept the step is refused', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world, async (name, effect) => {
    if (name === 'putBlob') throw new Error('no space left');
    return effect();
  });
  t.like(await runner.perform(askTo('do')), { outcome: 'refused', left: 'before', why: 'cannot keep what files hold now: no space left' });
});

test('undoing everything goes newest first through the latest rollout, and stops where it cannot go on', async (t) => {
  const world = newWorld();
  const other = '/etc/other.conf';
  const runner = await runnerOn(world);
  await runner.perform(
    askTo('do', {
      rollout: rolloutId('r-0'),
      step: stepId('first'),
      params: { file: other, to: 'x' },
      expect: [{ path: other, before: 'absent', after: sha256('x') }],
    }),
  );
  await runner.perform(askTo('do', { step: stepId('a') }));
  await runner.perform(
    askTo('do', {
      step: stepId('b'),
      params: { file: FILE, to: 'newest' },
      expect: [{ path: FILE, before: sha256('new'), after: sha256('newest') }],
    }),
  );
  t.deepEqual(
    runner.undoable().map(({ step }) => step),
    ['b', 'a'],
  );
  world.files.set(FILE, file('edited'));
  t.deepEqual(
    (await runner.undoEverything()).map(({ step, outcome }) => `${step} ${outcome}`),
    ['b refused'],
  );
  world.files.set(FILE, file('newest'));
  t.deepEqual(
    (await runner.undoEverything()).map(({ step, outcome }) => `${step} ${outcome}`),
    ['b undone', 'a undone'],
  );
  t.is(textOf(world), 'old');
  t.is(textOf(world, other), 'x');
  t.deepEqual(
    (await runner.undoEverything()).map(({ rollout, outcome }) => `${rollout} ${outcome}`),
    ['r-0 undone'],
  );
  t.is(textOf(world, other), undefined);
});

test('a stopping agent ends the step in hand and answers no later one', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  const inHand = runner.perform(askTo('do'));
  await Promise.resolve();
  await Promise.resolve();
  await runner.close();
  t.is((await inHand).outcome, 'done');
  await t.throwsAsync(runner.perform(askTo('undo')), { message: /the agent is stopping/ });
  t.is(textOf(world), 'new');
});

test('without a journal that can be trusted every change is refused with the reason', async (t) => {
  const world = newWorld();
  const runner = createRefusingRunner(
    { self: hostId('192.0.2.44'), host: hostOf(world), actionFor: () => undefined, log: quiet },
    'cannot trust the journal: line 3',
  );
  t.like(await runner.perform(askTo('do')), { outcome: 'refused', left: 'before', why: 'cannot trust the journal: line 3' });
  t.like(await runner.perform(askTo('undo')), { outcome: 'refused', left: 'between' });
});

test('a dry run writes nothing and shows each step on top of the earlier ones', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world, async (name, effect) => {
    if (['writeFile', 'removeFile', 'restartUnit', 'append', 'putBlob'].includes(name)) throw new Error(`${name} in a dry run`);
    return effect();
  });
  const step = (id: string, params: Record<string, unknown>) => ({ id, kind: 'setting-changed', version: 1, params });
  const { steps } = await runner.dryRun({
    steps: [
      step('a', { file: FILE, to: 'new' }),
      step('b', { file: FILE, to: 'newest' }),
      step('c', { file: FILE, to: 'newest' }),
      step('d', { file: 7 }),
      { ...step('e', {}), kind: 'shell' },
    ],
  });
  t.deepEqual(
    steps.map(({ id, verdict }) => `${id} ${verdict}`),
    ['a change', 'b change', 'c noop', 'd refuse', 'e refuse'],
  );
  t.deepEqual(steps[0], {
    id: 'a',
    verdict: 'change',
    title: 'set /etc/app.conf to new',
    risk: 'service',
    touches: [`file:${FILE}`, `unit:${UNIT}`],
    expect: [{ path: FILE, before: sha256('old'), after: sha256('new') }],
    diffs: [{ path: FILE, diff: '-old\n+new' }],
    problems: [],
  });
  t.deepEqual(steps[1]?.expect, [{ path: FILE, before: sha256('new'), after: sha256('newest') }]);
});

test('in a dry run nobody knows what a file made on the host will hold, so later steps expect nothing of it', async (t) => {
  const runner = await runnerOn(newWorld());
  const step = (id: string, params: Record<string, unknown>) => ({ id, kind: 'setting-changed', version: 1, params });
  const { steps } = await runner.dryRun({
    steps: [step('a', { file: FILE, to: 'k', secret: true }), step('b', { file: FILE, to: 'x' }), step('c', { file: FILE, to: 'y' })],
  });
  t.deepEqual(steps[0]?.expect, [{ path: FILE, before: sha256('old'), after: 'made-on-host' }]);
  t.deepEqual(steps[1]?.expect, []);
  t.deepEqual(steps[2]?.expect, [{ path: FILE, before: sha256('x'), after: sha256('y') }]);
});
