/** Old rollouts are moved out of the way of every start, never deleted; what is under way or cannot be read stays. */
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStore } from '@reberth/coordinator/store/file-store.ts';
import { digestOf, rolloutId } from '@reberth/protocol/ids.ts';
import test from 'ava';
import { smallPlan } from '../../support/plan.ts';
import { recordingDisk, unsynced } from '../../support/recording-disk.ts';

function folder(t: { teardown(fn: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'reberth-archive-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

async function written(path: string, rollouts: Readonly<Record<string, 'ended' | 'under way'>>): Promise<void> {
  const store = await fileStore(path, { rolloutsKept: 99 });
  for (const [name, standing] of Object.entries(rollouts)) {
    const common = { rollout: rolloutId(name), atMs: 1 };
    await store.append({ ...common, seq: 1, body: { type: 'created', plan: smallPlan(), planDigest: digestOf('0'.repeat(64)), by: 'x', epoch: 1 } });
    if (standing === 'ended') await store.append({ ...common, seq: 2, body: { type: 'ended', outcome: 'done', why: '' } });
  }
  await store.close();
}

test('the oldest that have ended go to the archive as they are; the newest, and what is under way, stay', async (t) => {
  const path = folder(t);
  await written(path, { 'r-1': 'ended', 'r-2': 'under way', 'r-3': 'ended', 'r-4': 'ended', 'r-5': 'ended' });
  const before = readFileSync(join(path, 'rollouts', 'r-1.journal'));
  const store = await fileStore(path, { rolloutsKept: 2 });
  t.deepEqual((await store.rollouts()).map(String), ['r-2', 'r-4', 'r-5']);
  t.deepEqual(readdirSync(join(path, 'archive')).sort(), ['r-1.journal', 'r-3.journal']);
  t.deepEqual(readFileSync(join(path, 'archive', 'r-1.journal')), before);
  await store.close();
});

test('a rollout that was ended and is being undone again is under way', async (t) => {
  const path = folder(t);
  await written(path, { 'r-1': 'ended' });
  const store = await fileStore(path, { rolloutsKept: 99 });
  await store.append({ rollout: rolloutId('r-1'), seq: 3, atMs: 1, body: { type: 'undo-asked', by: 'x' } });
  await store.close();
  t.deepEqual((await (await fileStore(path, { rolloutsKept: 0 })).rollouts()).map(String), ['r-1']);
});

test('a damaged one stays where it is found', async (t) => {
  const path = folder(t);
  await written(path, { 'r-1': 'ended', 'r-2': 'ended' });
  appendFileSync(join(path, 'rollouts', 'r-1.journal'), 'not a record\n');
  t.deepEqual((await (await fileStore(path, { rolloutsKept: 0 })).rollouts()).map(String), ['r-1']);
});

test('moves are on disk, in both folders, before the store is used', async (t) => {
  const path = folder(t);
  await written(path, { 'r-1': 'ended', 'r-2': 'ended' });
  const disk = recordingDisk(path);
  await fileStore(path, { disk, rolloutsKept: 1 });
  t.true(disk.calls.includes('rename rollouts/r-1.journal archive/r-1.journal'));
  t.deepEqual(disk.calls.slice(-2), ['sync archive', 'sync rollouts']);
  t.deepEqual(unsynced(disk.calls), []);
});

test('below the limit there is no archive', async (t) => {
  const path = folder(t);
  await written(path, { 'r-1': 'ended', 'r-2': 'ended' });
  await fileStore(path);
  t.false(existsSync(join(path, 'archive')));
});
