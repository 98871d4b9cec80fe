/** Both journals cut at every byte: whole records before the cut are all there, the one that was cut is the only one missing, and writing goes on. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '@reberth/agent/journal/journal.ts';
import { createMemoryStorage } from '@reberth/agent/journal/memory-storage.ts';
import { fileStore } from '@reberth/coordinator/store/file-store.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import { rolloutId } from '@reberth/protocol/ids.ts';
import test from 'ava';

const RECORDS = 3;
const quiet = { warn: () => undefined };
const record = (step: string) => ({ is: 'undo-intent', rollout: 'r', step, attempt: 1, planDigest: 'd', kind: 'k', version: 1, atMs: 1 }) as const;
const event = (seq: number): RolloutEvent => ({ rollout: rolloutId('r-1'), seq, atMs: seq, body: { type: 'paused', by: `operator ${seq}` } });
const wholeRecords = (content: Buffer, length: number): number => content.subarray(0, length).toString().split('\n').length - 1;

test('agent', async (t) => {
  const whole = createMemoryStorage();
  const journal = await openJournal(whole, quiet);
  for (let n = 1; n <= RECORDS; n += 1) await journal.append(record(`s-${n}`));
  for (let length = 0; length <= whole.content.length; length += 1) {
    const storage = createMemoryStorage();
    storage.content = Buffer.from(whole.content.subarray(0, length));
    const cut = await openJournal(storage, quiet);
    t.is(cut.ledger().size, wholeRecords(whole.content, length), `at ${length}`);
    await cut.append(record('next'));
    t.true((await openJournal(storage, quiet)).ledger().has('r next'));
  }
});

test('coordinator', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'reberth-cut-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'rollouts', 'r-1.journal');
  const first = await fileStore(folder);
  for (let seq = 1; seq <= RECORDS; seq += 1) await first.append(event(seq));
  await first.close();
  const whole = readFileSync(path);
  for (let length = 0; length <= whole.length; length += 1) {
    writeFileSync(path, whole.subarray(0, length));
    const store = await fileStore(folder);
    const left = wholeRecords(whole, length);
    t.is((await store.read(rolloutId('r-1'))).length, left, `at ${length}`);
    await store.append(event(left + 1));
    t.is((await store.read(rolloutId('r-1'))).length, left + 1);
    await store.close();
  }
});
