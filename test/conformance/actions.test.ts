/**
 * The promises that every action keeps, tested once for all of them. A new kind of action needs a fixture here and gets the tests for it.
 */
import type { Change } from '@reberth/agent/actions/action.ts';
import { actionFor, actions } from '@reberth/agent/actions/index.ts';
import type { MemoryHost } from '@reberth/agent/host/memory/memory-host.ts';
import test, { type ExecutionContext } from 'ava';
import { fixtures } from './fixtures/index.ts';
import { type Case, caseOf, changeFor, crashed, hashOf, type Look, planOn, settled, throughJournal, WHEN } from './walk.ts';

test('every action has a fixture, and every fixture an action', (t) => {
  t.deepEqual(Object.keys(fixtures).sort(), actions.map(({ kind }) => kind).sort());
  for (const action of actions) {
    t.true((fixtures[action.kind]?.length ?? 0) > 0, action.kind);
    t.is(actionFor(action.kind, action.version), action);
    t.is(actionFor(action.kind, action.version + 1), undefined);
  }
});

/** What a call changes, where it is no file. */
const PLACES: Readonly<Record<string, string>> = { restartUnit: 'unit', reloadUnit: 'unit', announce: 'addr' };

for (const each of actions.flatMap((action) => (fixtures[action.kind] ?? []).map((fixture) => caseOf(action, fixture)))) {
  const { action, fixture, params, name } = each;
  const apply = (change: Change) => (host: MemoryHost) => action.apply(host, change, params);
  const undo = (change: Change) => (host: MemoryHost) => action.undo(host, change, params);

  test(`${name}: looking writes nothing, and deciding changes nothing`, async (t) => {
    const host = await fixture.host();
    const before = host.snapshot();
    const seen = await action.inspect(host, params, fixture.inputs ?? {});
    t.deepEqual(
      host.calls.filter(({ changes }) => changes),
      [],
    );
    const kept = structuredClone(seen);
    const [first, second] = [action.plan(params, seen), action.plan(params, seen)];
    t.deepEqual(first, second);
    t.deepEqual(structuredClone(seen), kept);
    t.is(first.is, 'change');
    if (first.is === 'change') t.is(await action.compare(host, throughJournal(first.change), params), 'before');
    t.deepEqual(host.snapshot(), before);
  });

  test(`${name}: applied it verifies, and applied twice is applied once`, async (t) => {
    const change = await changeFor(each);
    const host = await fixture.host();
    await apply(change)(host);
    const check = await action.verify(host, change, params);
    t.true(check.ok, JSON.stringify(check));
    t.is(await action.compare(host, change, params), 'after');
    const once = host.snapshot();
    await apply(change)(host);
    t.deepEqual(host.snapshot(), once);
    t.is((await planOn(host, each)).is, fixture.neverSo === true ? 'change' : 'noop');
  });

  test(`${name}: undone, the host is as it was, also when undone twice`, async (t) => {
    const change = await changeFor(each);
    const host = await fixture.host();
    const before = await settled(await fixture.host());
    await apply(change)(host);
    await undo(change)(host);
    await isBefore(t, each, host, change, before);
    await undo(change)(host);
    await isBefore(t, each, host, change, before);
    const untouched = await fixture.host();
    await undo(change)(untouched);
    t.deepEqual(await settled(untouched), before);
  });

  test(`${name}: a file put back by hand is no proof that its reader is back`, async (t) => {
    const change = await changeFor(each);
    const host = await fixture.host();
    const before = await settled(await fixture.host());
    await apply(change)(host);
    await action.verify(host, change, params);
    for (const { path, original, content } of change.files)
      if (original !== undefined && content !== undefined) host.hand.write(path, original.bytes.toString('utf8'));
    await isHonest(t, each, host, change, before);
    await undo(change)(host);
    await isBefore(t, each, host, change, before);
  });

  test(`${name}: a crash at any call of apply, then apply again, ends after`, async (t) => {
    const change = await changeFor(each);
    const clean = await fixture.host();
    await apply(change)(clean);
    await action.verify(clean, change, params);
    const after = await settled(clean);
    const crashes = await forEveryCrash(async (n, when) => {
      const host = await fixture.host();
      if (!(await crashed(host, n, when, apply(change)))) return false;
      const again = host.open();
      await apply(change)(again);
      const check = await action.verify(again, change, params);
      t.true(check.ok, `${when} call ${n}: ${JSON.stringify(check)}`);
      t.is(await action.compare(again, change, params), 'after', `${when} call ${n}`);
      t.deepEqual(await settled(again), after, `${when} call ${n}`);
      return true;
    });
    t.true(crashes >= 2);
  });

  test(`${name}: a crash at any call of apply, and again at any of undo, ends before`, async (t) => {
    const change = await changeFor(each);
    const before = await settled(await fixture.host());
    await forEveryCrash(async (n, when) => {
      const broken = async (): Promise<MemoryHost | undefined> => {
        const host = await fixture.host();
        return (await crashed(host, n, when, apply(change))) ? host.open() : undefined;
      };
      const host = await broken();
      if (host === undefined) return false;
      const twin = await broken();
      if (twin !== undefined) await isHonest(t, each, twin, change, before);
      await undo(change)(host);
      await isBefore(t, each, host, change, before);
      await forEveryCrash(async (m, whenAgain) => {
        const second = await broken();
        if (second === undefined || !(await crashed(second, m, whenAgain, undo(change)))) return false;
        const third = second.open();
        await undo(change)(third);
        await isBefore(t, each, third, change, before);
        return true;
      });
      return true;
    });
  });

  test(`${name}: a crash at any call of undo is honest about where the host stands`, async (t) => {
    const change = await changeFor(each);
    const before = await settled(await fixture.host());
    const crashes = await forEveryCrash(async (m, when) => {
      const host = await fixture.host();
      await apply(change)(host);
      await action.verify(host, change, params);
      if (!(await crashed(host, m, when, undo(change)))) return false;
      await isHonest(t, each, host.open(), change, before);
      return true;
    });
    t.is(crashes > 0, fixture.keepsNothing !== true);
  });

  test(`${name}: a foreign edit is told and never written over`, async (t) => {
    const change = await changeFor(each);
    for (const path of fixture.foreign) {
      const fresh = await fixture.host();
      fresh.hand.write(path, 'a foreign hand\n');
      await isLeftAlone(t, each, fresh, change, apply(change), path);
      const done = await fixture.host();
      await apply(change)(done);
      done.hand.write(path, 'a foreign hand\n');
      await isLeftAlone(t, each, done, change, undo(change), path);
    }
    t.is(change.files.length > 0, fixture.foreign.length > 0);
  });

  test(`${name}: it says before what it touches, and touches nothing else`, async (t) => {
    const change = await changeFor(each);
    const host = await fixture.host();
    const before = await settled(host);
    await apply(change)(host);
    await action.verify(host, change, params);
    const after = await settled(host);
    await undo(change)(host);
    const touches = new Set(action.touches(params));
    for (const { name: call, on } of host.calls.filter(({ changes }) => changes)) {
      const place = `${PLACES[call] ?? 'file'}:${on}`;
      t.true(touches.has(place), place);
    }
    const moved = [
      ...after.addresses.filter((held) => !before.addresses.includes(held)),
      ...before.addresses.filter((held) => !after.addresses.includes(held)),
    ];
    for (const held of moved) t.true(touches.has(`addr:${held.replace(' ', '/')}`), held);
    t.true(change.files.every(({ path }) => touches.has(`file:${path}`)));
  });

  test(`${name}: what a dry run expects is what is written`, async (t) => {
    const dry = await planOn(await fixture.host(), each, {});
    if (dry.is !== 'change') return t.fail(JSON.stringify(dry));
    const change = await changeFor(each);
    const host = await fixture.host();
    const hashes = async (): Promise<string[]> =>
      Promise.all(
        dry.change.files.map(async ({ path }) => ((file) => (file === undefined ? 'absent' : hashOf(file.bytes)))(await host.readFile(path))),
      );
    t.deepEqual(
      dry.change.files.map(({ before }): string => before),
      await hashes(),
    );
    await apply(change)(host);
    const written = await hashes();
    t.deepEqual(
      dry.change.files.map(({ after }, index): string => (after === 'made-on-host' ? (written[index] ?? '') : after)),
      written,
    );
    t.deepEqual(
      dry.change.files.map(({ path, after }) => [path, after]),
      change.files.map(({ path, after }) => [path, after]),
    );
    t.notRegex(JSON.stringify(dry.diffs), /PRIVATE KEY-----\\n|LS0t/);
  });
}

/** Every call and both sides of it, until the deed ends before the crash is due. Hands back how many crashes there were. */
async function forEveryCrash(run: (n: number, when: 'before' | 'after') => Promise<boolean>): Promise<number> {
  let crashes = 0;
  for (const when of WHEN) for (let n = 1; await run(n, when); n += 1) crashes += 1;
  return crashes;
}

async function isBefore(t: ExecutionContext, { action, fixture, params }: Case, host: MemoryHost, change: Change, before: Look): Promise<void> {
  if (fixture.keepsNothing !== true) t.is(await action.compare(host.open(), change, params), 'before');
  else if (Object.keys(before.services).length > 0) return;
  t.deepEqual(await settled(host), before);
}

/** Whatever `compare` calls before or after is so, for files and for what services have read. */
async function isHonest(t: ExecutionContext, { action, fixture, params }: Case, host: MemoryHost, change: Change, before: Look): Promise<void> {
  const standing = await action.compare(host, change, params);
  t.not(standing, 'foreign');
  if (fixture.keepsNothing === true || standing === 'between') return;
  const look = await settled(host);
  if (standing === 'before') t.deepEqual(look, before);
  else {
    const check = await action.verify(host, change, params);
    t.true(check.ok, JSON.stringify(check));
  }
}

async function isLeftAlone(
  t: ExecutionContext,
  { action, params }: Case,
  host: MemoryHost,
  change: Change,
  deed: (host: MemoryHost) => Promise<void>,
  path: string,
): Promise<void> {
  t.is(await action.compare(host, change, params), 'foreign', path);
  const { files } = host.snapshot();
  await t.throwsAsync(deed(host), { message: /edited by someone else/ });
  t.deepEqual(host.snapshot().files, files);
}
