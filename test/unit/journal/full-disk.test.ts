/**
 * A disk that is full, read-only or broken under the journals. The agent: refused before the change, or driven to an end by the next start. The
 * coordinator: what cannot be stored is not acted on. On a real small disk, and at each single call with the error put in its place.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileMarks, fileStorage } from '@reberth/agent/host/linux/file-storage.ts';
import { openJournal, readJournal } from '@reberth/agent/journal/journal.ts';
import { openMarks } from '@reberth/agent/journal/marks.ts';
import { createRunner, type Runner } from '@reberth/agent/runner/runner.ts';
import { createExecutor } from '@reberth/coordinator/executor/executor.ts';
import { fileStore } from '@reberth/coordinator/store/file-store.ts';
import type { Disk } from '@reberth/daemon/disk.ts';
import { digest } from '@reberth/protocol/canonical.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import test from 'ava';
import { fakeWorld } from '../../support/executor-fakes.ts';
import { smallPlan } from '../../support/plan.ts';
import { brokenDisk, fullDisk, readOnlyDisk, recordingDisk, type Trouble } from '../../support/recording-disk.ts';
import { canMount, type SmallDisk, smallDisk } from '../../support/small-disk.ts';
import { askTo, deadlinesOf, hostOf, newWorld, quiet, settingChanged, textOf, type World } from '../runner/fakes.ts';

const onSmallDisk = canMount ? test : test.skip;

interface Teardown {
  teardown(fn: () => void): void;
}

function disk(t: Teardown): SmallDisk {
  const small = smallDisk();
  t.teardown(() => small.remove());
  return small;
}

function tempFolder(t: Teardown): string {
  const folder = mkdtempSync(join(tmpdir(), 'reberth-full-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function agentOn(world: World, folder: string, through?: Disk): Promise<Runner> {
  const journal = await openJournal(await fileStorage(folder, through), quiet);
  const actionFor = (kind: string) => (kind === settingChanged.kind ? settingChanged : undefined);
  return createRunner({ self: hostId('h'), host: hostOf(world), journal, deadlines: deadlinesOf(world), actionFor, log: quiet });
}

const journalIn = (folder: string): Buffer => readFileSync(join(folder, 'journal.log'));

onSmallDisk('agent, full disk: a step is refused before the change and says why; with room again it is done', async (t) => {
  const small = disk(t);
  const world = newWorld();
  const agent = await agentOn(world, small.folder);
  small.fill();
  const refused = await agent.perform(askTo('do'));
  t.is(refused.outcome, 'refused');
  t.is(refused.left, 'before');
  t.regex(refused.why, /cannot .*: ENOSPC: no space left on device/);
  t.is(textOf(world), 'old');
  small.free();
  t.is((await agent.perform(askTo('do', { attempt: 2 }))).outcome, 'done');
});

test('agent, full disk: taking back is refused in words before anything is touched, and done when there is room again', async (t) => {
  const folder = tempFolder(t);
  const world = newWorld();
  // The intent, its end, and then the intent to take back.
  const agent = await agentOn(world, folder, recordingDisk(folder, failing('append journal.log', 3, fullDisk)));
  await agent.perform(askTo('do'));
  const refused = await agent.perform(askTo('undo', { attempt: 2 }));
  t.is(refused.outcome, 'refused');
  t.regex(refused.why, /cannot write the journal: ENOSPC/);
  t.is(textOf(world), 'new');
  t.is((await agent.perform(askTo('undo', { attempt: 3 }))).outcome, 'undone');
  t.is(textOf(world), 'old');
});

onSmallDisk('agent, read-only disk: it does not start, and names the folder and the reason', async (t) => {
  const small = disk(t);
  mkdirSync(join(small.folder, 'blobs'));
  small.readOnly();
  await t.throwsAsync(fileStorage(small.folder), { code: 'storage-failed', message: /cannot open the journal in .*: EROFS: read-only file system/ });
});

for (const [words, error] of [
  ['full', fullDisk],
  ['read-only', readOnlyDisk],
] as const) {
  test(`agent: a disk that is ${words} at any one call before the change means refused, nothing touched, and the journal as it was`, async (t) => {
    const before = await callsBeforeTheChange(t);
    t.true(before > 8, 'two contents and an intent');
    for (let failing = 0; failing < before; failing += 1) {
      const folder = tempFolder(t);
      const world = newWorld();
      let n = -1;
      let armed = false;
      const through = recordingDisk(folder, () => {
        if (armed) n += 1;
        return armed && n === failing ? error() : undefined;
      });
      const agent = await agentOn(world, folder, through);
      armed = true;
      const call = () => through.calls.at(-1);
      const answer = await agent.perform(askTo('do')).catch((thrown: { code?: string }) => thrown.code);
      armed = false;
      t.is(textOf(world), 'old', String(call()));
      // A sync that fails leaves it unknown what is on disk: then the agent ends instead of answering.
      if (typeof answer !== 'object') t.is(answer, 'storage-failed');
      else t.is(answer.outcome, 'refused');
      const next = await agentOn(world, folder);
      await next.recover();
      t.is(textOf(world), 'old');
      t.deepEqual(next.openSteps(), []);
    }
  });
}

/** How many changing calls a step makes until its intent is on disk. */
async function callsBeforeTheChange(t: Teardown): Promise<number> {
  const folder = tempFolder(t);
  const world = newWorld();
  const through = recordingDisk(folder);
  const agent = await agentOn(world, folder, through);
  const from = through.calls.length;
  await agent.perform(askTo('do'));
  return through.calls.slice(from).indexOf('datasync journal.log') + 1;
}

test('agent: when the end of a step cannot be written, the agent ends by name, and the next start brings the step to its end', async (t) => {
  for (const [error, at] of [
    [fullDisk, 'append'],
    [readOnlyDisk, 'append'],
    [brokenDisk, 'datasync'],
  ] as const) {
    const folder = tempFolder(t);
    const world = newWorld();
    const agent = await agentOn(world, folder, recordingDisk(folder, failing(`${at} journal.log`, 2, error)));
    await t.throwsAsync(agent.perform(askTo('do')), { code: 'storage-failed', message: /cannot write the journal: E/ });
    t.is(textOf(world), 'new', 'it was changed');
    const next = await agentOn(world, folder);
    await next.recover();
    const answer = await next.perform(askTo('do'));
    t.is(answer.outcome, 'done');
    t.is(world.starts, 2, 'and not done a second time');
  }
});

test('agent: a write cut short by a full disk is cut off again, and the journal goes on', async (t) => {
  const folder = tempFolder(t);
  const storage = await fileStorage(folder);
  const journal = await openJournal(storage, quiet);
  const record = { is: 'undo-intent', rollout: 'r', step: 's', attempt: 1, planDigest: 'd', kind: 'k', version: 1, atMs: 1 } as const;
  await journal.append(record);
  const whole = journalIn(folder);
  const short = await openJournal(await fileStorage(folder, cuttingShort(folder)), quiet);
  await t.throwsAsync(short.append(record), { code: 'storage-failed', message: /ENOSPC/ });
  t.deepEqual(journalIn(folder), whole);
  await t.notThrowsAsync(short.append(record));
  t.is(readJournal(journalIn(folder)).tornTail, 0);
});

test('agent: after a sync that failed nothing more is written until the journal is opened again', async (t) => {
  const folder = tempFolder(t);
  const journal = await openJournal(await fileStorage(folder, recordingDisk(folder, failing('datasync journal.log', 1, brokenDisk))), quiet);
  const record = { is: 'undo-intent', rollout: 'r', step: 's', attempt: 1, planDigest: 'd', kind: 'k', version: 1, atMs: 1 } as const;
  await t.throwsAsync(journal.append(record), { message: /EIO/ });
  await t.throwsAsync(journal.append(record), { code: 'storage-failed', message: /an earlier write failed: EIO/ });
});

test('agent: a mark that finds no room is not raised, and the next one is', async (t) => {
  const folder = tempFolder(t);
  let full = true;
  const marks = await openMarks(
    fileMarks(
      folder,
      recordingDisk(folder, (call) => (full && call.startsWith('write') ? fullDisk() : undefined)),
    ),
  );
  await t.throwsAsync(marks.raise({ epoch: 1, counter: 1 }), { message: /ENOSPC/ });
  t.deepEqual(marks.read(), { epoch: 0, counter: 0 });
  full = false;
  await marks.raise({ epoch: 1, counter: 2 });
  t.deepEqual(marks.read(), { epoch: 1, counter: 2 });
});

onSmallDisk('coordinator, full disk: what cannot be stored is not asked, and the process is told to end; with room it goes on', async (t) => {
  const small = disk(t);
  const store = await fileStore(small.folder);
  const world = fakeWorld(store);
  world.answer = ({ step }) => {
    if (step === 'a/1') small.fill();
    return {};
  };
  const executor = await createExecutor(world.ports);
  world.report = executor.reported;
  const rollout = await executor.begin(smallPlan(), digest(smallPlan()), { by: 'tester', holdAfter: undefined });
  while (world.storageFailures.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const asked = world.asks.length;
  const stored = (await store.read(rollout)).filter(({ body }) => body.type === 'asked').length;
  t.true(asked <= stored, 'everything that was asked is stored');
  t.like(world.storageFailures[0], { code: 'storage-failed' });
  t.regex(String(world.storageFailures[0]), /cannot write .*\.journal: ENOSPC/);
  await store.close();

  small.free();
  const next = fakeWorld(await fileStore(small.folder));
  const taken = await createExecutor(next.ports);
  next.report = taken.reported;
  for await (const _ of taken.events(rollout, 0, true, new AbortController().signal));
  t.is(taken.state(rollout)?.outcome, 'done');
  taken.stop();
});

onSmallDisk('coordinator, read-only disk: it does not start, and names what it cannot write', async (t) => {
  const small = disk(t);
  await (await fileStore(small.folder)).close();
  small.readOnly();
  const store = await fileStore(small.folder).catch((error: unknown) => error);
  const failure =
    store instanceof Error ? store : await createExecutor(fakeWorld(store as Awaited<ReturnType<typeof fileStore>>).ports).catch((e: unknown) => e);
  t.like(failure, { code: 'storage-failed' });
  t.regex(String(failure), /cannot take a new epoch: cannot write .*epoch: EROFS: read-only file system/);
});

/** The nth call of this name fails, and no other. */
function failing(call: string, nth: number, error: () => Error): Trouble {
  let seen = 0;
  return (now) => {
    if (now !== call) return undefined;
    seen += 1;
    return seen === nth ? error() : undefined;
  };
}

/** The first append writes half and then finds the disk full. */
function cuttingShort(folder: string): Disk {
  const { open, ...rest } = recordingDisk(folder);
  let first = true;
  return {
    ...rest,
    open: (async (...args: Parameters<typeof open>) => {
      const handle = await open(...args);
      return new Proxy(handle, {
        get(target, key) {
          const value = Reflect.get(target, key) as unknown;
          if (typeof value !== 'function') return value;
          if (key !== 'appendFile' || !first) return value.bind(target);
          return async (text: string) => {
            first = false;
            await target.appendFile(text.slice(0, text.length / 2));
            throw fullDisk();
          };
        },
      });
    }) as typeof open,
  };
}
