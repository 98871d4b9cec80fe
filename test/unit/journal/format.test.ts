/** The first record of every journal names its format; one of a newer Reberth is refused by name and left as it is. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openJournal } from '@reberth/agent/journal/journal.ts';
import { createMemoryStorage } from '@reberth/agent/journal/memory-storage.ts';
import { fileStore } from '@reberth/coordinator/store/file-store.ts';
import { rolloutId } from '@reberth/protocol/ids.ts';
import { CHAIN_START, frame, JOURNAL_FORMAT, unframe } from '@reberth/protocol/record.ts';
import test from 'ava';

const quiet = { warn: () => undefined };
const NEWER = /journal format 2 is of a newer Reberth; this one knows format 1: install the newer one again/;

test('the first record names the format, the others do not, and what is read back is what was given', (t) => {
  const first = frame(CHAIN_START, { a: 1 });
  const second = frame(first.link, { b: 2 });
  t.true(first.line.includes(`"format":${JOURNAL_FORMAT}`));
  t.false(second.line.includes('format'));
  const read = unframe(Buffer.from(first.line + second.line));
  t.deepEqual(read.ok && read.bodies, [{ a: 1 }, { b: 2 }]);
});

test('an agent refuses a journal of a newer format by name, and does not touch it', async (t) => {
  const storage = createMemoryStorage();
  storage.content = Buffer.from(frame(CHAIN_START, { is: 'something new' }, JOURNAL_FORMAT + 1).line);
  const before = Buffer.from(storage.content);
  await t.throwsAsync(openJournal(storage, quiet), { code: 'journal-damaged', message: NEWER });
  t.deepEqual(storage.content, before);
});

test('a coordinator refuses a rollout of a newer format by name, and does not touch it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'reberth-format-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const store = await fileStore(folder, { rolloutsKept: 0 });
  const path = join(folder, 'rollouts', 'r-1.journal');
  const { line } = frame(CHAIN_START, { rollout: 'r-1', seq: 1, atMs: 1, body: { type: 'something new' } }, JOURNAL_FORMAT + 1);
  await writeFile(path, line);
  await t.throwsAsync(store.read(rolloutId('r-1')), { code: 'journal-damaged', message: NEWER });
  const event = { rollout: rolloutId('r-1'), seq: 2, atMs: 1, body: { type: 'paused', by: 'x' } } as const;
  await t.throwsAsync(store.append(event), { code: 'journal-damaged', message: NEWER });
  await t.notThrowsAsync(fileStore(folder, { rolloutsKept: 0 }), 'it is not moved away either');
  t.is(await readFile(path, 'utf8'), line);
});

test('what is no format number is damage', (t) => {
  for (const format of [0, -1, 0.5]) {
    const read = unframe(Buffer.from(frame(CHAIN_START, { a: 1 }, format).line));
    t.deepEqual(read, { ok: false, line: 1, why: `${format} is no journal format` });
  }
});
