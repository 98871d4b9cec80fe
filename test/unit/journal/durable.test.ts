/** On disk before acknowledged: the order of calls by which journal, kept contents, marks, decisions and epochs reach the disk, folders too. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileMarks, fileStorage } from '@reberth/agent/host/linux/file-storage.ts';
import { openJournal } from '@reberth/agent/journal/journal.ts';
import { openMarks } from '@reberth/agent/journal/marks.ts';
import type { JournalRecord } from '@reberth/agent/journal/records.ts';
import { fileStore } from '@reberth/coordinator/store/file-store.ts';
import type { Report } from '@reberth/protocol/ask.ts';
import { sha256 } from '@reberth/protocol/canonical.ts';
import { hostId, rolloutId, stepId } from '@reberth/protocol/ids.ts';
import anyTest, { type TestFn } from 'ava';
import { type RecordingDisk, recordingDisk, unsynced } from '../../support/recording-disk.ts';

const test = anyTest as TestFn<{ folder: string; disk: RecordingDisk }>;

test.beforeEach(async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'reberth-durable-'));
  t.context = { folder, disk: recordingDisk(folder) };
});
test.afterEach.always((t) => rm(t.context.folder, { recursive: true, force: true }));

const quiet = { warn: () => undefined };
const common = (rollout: string) => ({ rollout, step: 's', attempt: 1, planDigest: 'd', kind: 'k', version: 1, atMs: 1 });
const undoIntent = (rollout: string): JournalRecord => ({ is: 'undo-intent', ...common(rollout) });
const paused = (seq: number, rollout = 'r-1') => ({ rollout: rolloutId(rollout), seq, atMs: seq, body: { type: 'paused', by: 'x' } }) as const;

/** The calls of one deed, which has been acknowledged. */
async function callsOf(disk: RecordingDisk, deed: () => Promise<unknown>): Promise<readonly string[]> {
  const from = disk.calls.length;
  await deed();
  return disk.calls.slice(from);
}

test('the rule that the other tests go by finds what is not synced, names in folders too', (t) => {
  t.deepEqual(unsynced(['append a', 'datasync a']), []);
  t.deepEqual(unsynced(['datasync a', 'append a']), ['the content of a']);
  t.deepEqual(unsynced(['write b/a.new', 'sync b/a.new', 'rename b/a.new b/a']), ['the name b/a in b']);
  t.deepEqual(unsynced(['write a.new', 'rename a.new a', 'sync .']), ['the content of a']);
  t.deepEqual(unsynced(['mkdir b', 'sync b']), ['the name b in .']);
});

test('agent: a new journal and its folders are on disk before anything is written to it', async (t) => {
  const { folder, disk } = t.context;
  const calls = await callsOf(disk, () => fileStorage(folder, disk));
  t.deepEqual(calls, ['mkdir blobs', 'sync journal.log', 'sync blobs', 'sync .']);
  t.deepEqual(unsynced(calls), []);
});

test('agent: a record is synced before it is acknowledged', async (t) => {
  const { folder, disk } = t.context;
  const journal = await openJournal(await fileStorage(folder, disk), quiet);
  t.deepEqual(await callsOf(disk, () => journal.append(undoIntent('r-1'))), ['append journal.log', 'datasync journal.log']);
});

test('agent: a torn end that was cut is cut on disk before anything follows', async (t) => {
  const { folder, disk } = t.context;
  const storage = await fileStorage(folder, disk);
  await storage.append('torn');
  t.deepEqual(await callsOf(disk, () => openJournal(storage, quiet)), ['truncate journal.log', 'sync journal.log']);
});

test('agent: kept contents are on disk under their name before the intent that speaks of them', async (t) => {
  const { folder, disk } = t.context;
  const storage = await fileStorage(folder, disk);
  const calls = await callsOf(disk, () => storage.putBlob(Buffer.from('before')));
  const path = `blobs/${sha256('before')}`;
  const temporary = `blobs/.${sha256('before')}.reberth-new`;
  t.deepEqual(calls, [`write ${temporary}`, `chmod ${temporary}`, `sync ${temporary}`, `rename ${temporary} ${path}`, 'sync blobs']);
  t.deepEqual(unsynced(calls), []);
});

test('agent: a raised mark is on disk before the ask is performed', async (t) => {
  const { folder, disk } = t.context;
  const marks = await openMarks(fileMarks(folder, disk));
  const calls = await callsOf(disk, () => marks.raise({ epoch: 1, counter: 1 }));
  t.is(calls.at(-1), 'sync .');
  t.true(calls.some((call) => call.startsWith('rename ')));
  t.deepEqual(unsynced(calls), []);
});

test('agent: a compacted journal is complete and on disk before it takes the name of the old one, and contents go last', async (t) => {
  const { folder, disk } = t.context;
  const storage = await fileStorage(folder, disk);
  const spare = await storage.putBlob(Buffer.from('of a rollout long over'));
  await (await openJournal(storage, quiet)).append(undoIntent('r-1'));
  const limits = { rolloutsKept: 1, compactAtBytes: 1_000_000, bytesMax: 1_000_000 };
  const journal = await openJournal(storage, quiet, limits);
  await journal.append({ is: 'ended', ...common('r-1'), title: 't', report: report('r-1') });
  await journal.append(undoIntent('r-2'));
  const calls = await callsOf(disk, () => openJournal(storage, quiet, limits));
  const swap = calls.indexOf('rename journal.next journal.log');
  t.true(swap > 0, calls.join('\n'));
  t.deepEqual(unsynced(calls.slice(0, swap)), []);
  t.is(calls[swap + 1], 'sync .');
  t.true(calls.indexOf(`unlink blobs/${spare}`) > swap + 1, 'contents are removed when nothing on disk speaks of them any more');
  t.deepEqual(unsynced(calls), []);
});

test('coordinator: the file of a new rollout, and its name, are on disk before its first event is acknowledged', async (t) => {
  const { folder, disk } = t.context;
  const store = await fileStore(folder, { disk });
  t.deepEqual(disk.calls, ['mkdir rollouts', 'sync .']);
  const calls = await callsOf(disk, () => store.append(paused(1)));
  t.deepEqual(calls, ['sync rollouts/r-1.journal', 'sync rollouts', 'append rollouts/r-1.journal', 'datasync rollouts/r-1.journal']);
  t.deepEqual(await callsOf(disk, () => store.append(paused(2))), ['append rollouts/r-1.journal', 'datasync rollouts/r-1.journal']);
  await store.close();
});

test('coordinator: an epoch is on disk before anyone commands under it', async (t) => {
  const { folder, disk } = t.context;
  const store = await fileStore(folder, { disk });
  const calls = await callsOf(disk, () => store.takeEpoch());
  t.deepEqual(calls, ['write epoch.new', 'sync epoch.new', 'rename epoch.new epoch', 'sync .']);
  t.deepEqual(unsynced(calls), []);
});

const report = (rollout: string): Report => ({
  ...{ rollout: rolloutId(rollout), step: stepId('s'), operation: 'undo', attempt: 1, host: hostId('h'), outcome: 'undone', left: 'before' },
  ...{ why: '', startedAtMs: 1, endedAtMs: 1, outputs: {} },
});
