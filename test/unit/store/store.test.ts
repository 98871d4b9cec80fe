/** Journals of decisions on this machine: what every one promises, and what the file alone must: torn and damaged records, order of calls. */
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStore } from '@reberth/coordinator/store/file-store.ts';
import { memoryStore } from '@reberth/coordinator/store/memory-store.ts';
import anyTest, { type TestFn } from 'ava';
import { event, ROLLOUT, storeConformance } from './conformance.ts';

const test = anyTest as TestFn<{ folder: string }>;

test.beforeEach(async (t) => {
  t.context.folder = await mkdtemp(join(tmpdir(), 'reberth-store-'));
});
test.afterEach.always((t) => rm(t.context.folder, { recursive: true, force: true }));

storeConformance(test, 'file', (t) => () => fileStore(t.context.folder));
storeConformance(test, 'memory', () => {
  const store = memoryStore();
  return async () => store;
});

const journalOf = (folder: string): string => join(folder, 'rollouts', 'r-1.journal');

async function written(folder: string, count: number): Promise<void> {
  const store = await fileStore(folder);
  for (let seq = 1; seq <= count; seq += 1) await store.append(event(seq));
  await store.close();
}

test('file: a torn last line was never acknowledged; it is cut off and the next event follows', async (t) => {
  await written(t.context.folder, 2);
  await appendFile(journalOf(t.context.folder), 'deadbeef 00');
  const store = await fileStore(t.context.folder);
  t.is((await store.read(ROLLOUT)).length, 2);
  await store.append(event(3));
  t.deepEqual(await store.read(ROLLOUT), [event(1), event(2), event(3)]);
  await store.close();
});

test('file: flipped at any byte, it is refused by name or loses nothing but an unfinished tail', async (t) => {
  await written(t.context.folder, 3);
  const path = journalOf(t.context.folder);
  const whole = await readFile(path);
  let refused = 0;
  for (let at = 0; at < whole.length; at += 1) {
    const flipped = Buffer.from(whole);
    flipped.writeUInt8(whole.readUInt8(at) ^ 0x01, at);
    await writeFile(path, flipped);
    const store = await fileStore(t.context.folder);
    const events = await store.read(ROLLOUT).catch((error: { code?: string }) => error.code);
    if (events === 'journal-damaged') refused += 1;
    else t.deepEqual(events, [event(1), event(2)], `byte ${at}: only the last newline may turn the last record into a torn tail`);
    await store.close();
  }
  t.is(refused, whole.length - 1);
});

test('file: cut off at any byte, whole records are read and the rest is a tail that was never acknowledged', async (t) => {
  await written(t.context.folder, 3);
  const path = journalOf(t.context.folder);
  const whole = await readFile(path);
  for (let length = 0; length < whole.length; length += 1) {
    await writeFile(path, whole.subarray(0, length));
    const records = whole.subarray(0, length).filter((byte) => byte === 0x0a).length;
    const store = await fileStore(t.context.folder);
    t.deepEqual(await store.read(ROLLOUT), [event(1), event(2), event(3)].slice(0, records), `${length} bytes`);
    await store.append(event(records + 1));
    t.is((await store.read(ROLLOUT)).length, records + 1, `${length} bytes, and one more record`);
    await store.close();
  }
});
