/** What every journal of decisions promises, and what the file alone must: torn and damaged records. */
import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStore } from '@reberth/coordinator/store/file-store.ts';
import { memoryStore } from '@reberth/coordinator/store/memory-store.ts';
import type { Store } from '@reberth/coordinator/store/store.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import { rolloutId } from '@reberth/protocol/ids.ts';
import anyTest, { type TestFn } from 'ava';

const test = anyTest as TestFn<{ folder: string }>;
const ROLLOUT = rolloutId('r-1');
const event = (seq: number): RolloutEvent => ({ rollout: ROLLOUT, seq, atMs: seq, body: { type: 'paused', by: `operator ${seq}` } });

test.beforeEach(async (t) => {
  t.context.folder = await mkdtemp(join(tmpdir(), 'reberth-store-'));
});
test.afterEach.always((t) => rm(t.context.folder, { recursive: true, force: true }));

const kinds: readonly [string, (folder: string) => Promise<Store>][] = [
  ['file', fileStore],
  ['memory', async () => memoryStore()],
];

for (const [kind, open] of kinds) {
  test(`${kind}: what was appended is read back in order`, async (t) => {
    const store = await open(t.context.folder);
    for (const seq of [1, 2, 3]) await store.append(event(seq));
    t.deepEqual(await store.read(ROLLOUT), [event(1), event(2), event(3)]);
    t.deepEqual(await store.rollouts(), [ROLLOUT]);
    await store.close();
  });

  test(`${kind}: an event out of turn is refused and nothing is kept of it`, async (t) => {
    const store = await open(t.context.folder);
    await store.append(event(1));
    await t.throwsAsync(store.append(event(3)), { message: /the next is 2/ });
    t.deepEqual(await store.read(ROLLOUT), [event(1)]);
    await store.close();
  });

  test(`${kind}: every epoch taken is higher than the one before`, async (t) => {
    const store = await open(t.context.folder);
    t.deepEqual([await store.takeEpoch(), await store.takeEpoch(), await store.takeEpoch()], [1, 2, 3]);
    await store.close();
  });
}

const journalOf = (folder: string): string => join(folder, 'rollouts', 'r-1.journal');

async function written(folder: string, count: number): Promise<void> {
  const store = await fileStore(folder);
  for (let seq = 1; seq <= count; seq += 1) await store.append(event(seq));
  await store.close();
}

test('file: a reopened journal goes on where it ended, epochs too', async (t) => {
  await written(t.context.folder, 2);
  const store = await fileStore(t.context.folder);
  await store.append(event(3));
  t.is((await store.read(ROLLOUT)).length, 3);
  t.is(await store.takeEpoch(), 1);
  await store.close();
});

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
