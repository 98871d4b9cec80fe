import { openJournal, readJournal } from '@reberth/agent/journal/journal.ts';
import { openMarks } from '@reberth/agent/journal/marks.ts';
import { createMemoryStorage } from '@reberth/agent/journal/memory-storage.ts';
import type { JournalRecord } from '@reberth/agent/journal/records.ts';
import { ReberthError } from '@reberth/protocol/errors.ts';
import { CHAIN_START, frame } from '@reberth/protocol/record.ts';
import test from 'ava';

const quiet = { warn: () => undefined };
const undoIntent = (step: string): JournalRecord => ({
  is: 'undo-intent',
  rollout: 'r-1',
  step,
  attempt: 1,
  planDigest: 'd',
  kind: 'k',
  version: 1,
  atMs: 1,
});

async function written(...steps: readonly string[]) {
  const storage = createMemoryStorage();
  const journal = await openJournal(storage, quiet);
  for (const step of steps) await journal.append(undoIntent(step));
  return storage;
}

const steps = (content: Buffer): readonly string[] => [...readJournal(content).ledger.values()].map(({ step }) => step);

test('what was appended is there after opening again, and the chain goes on', async (t) => {
  const storage = await written('a', 'b');
  await (await openJournal(storage, quiet)).append(undoIntent('c'));
  t.deepEqual(steps(storage.content), ['a', 'b', 'c']);
});

test('a torn end of any length is cut with a warning, and writing goes on after it', async (t) => {
  const whole = (await written('a', 'b')).content;
  const start = whole.indexOf('\n') + 1;
  for (let length = start + 1; length < whole.length; length += 1) {
    const storage = createMemoryStorage();
    storage.content = whole.subarray(0, length);
    const warnings: object[] = [];
    const journal = await openJournal(storage, { warn: (fields) => warnings.push(fields) });
    t.deepEqual(warnings, [{ bytes: length - start }]);
    await journal.append(undoIntent('c'));
    t.deepEqual(steps(storage.content), ['a', 'c']);
  }
});

test('a bit flipped anywhere is found, and the journal is left as it is', async (t) => {
  const whole = (await written('a', 'b', 'c')).content;
  // A flipped last newline is a torn end, which is another test.
  for (let at = 0; at < whole.length - 1; at += 1) {
    const storage = createMemoryStorage();
    storage.content = Buffer.from(whole);
    storage.content[at] = (storage.content[at] ?? 0) ^ 0x01;
    const damaged = Buffer.from(storage.content);
    const error = await t.throwsAsync(openJournal(storage, quiet), { instanceOf: ReberthError, message: /cannot trust the journal: line [123]: / });
    t.is(error?.code, 'journal-damaged');
    t.deepEqual(storage.content, damaged);
  }
});

test('a record that is missing, doubled or swapped is found', async (t) => {
  const lines = (await written('a', 'b', 'c')).content.toString().split(/(?<=\n)/);
  for (const order of [
    [1, 2],
    [0, 2],
    [0, 0, 1, 2],
    [1, 0, 2],
  ]) {
    const storage = createMemoryStorage();
    storage.content = Buffer.from(order.map((index) => lines[index]).join(''));
    await t.throwsAsync(openJournal(storage, quiet), { message: /the chain is broken/ }, order.join());
  }
});

test('a well-framed record that this agent does not know is damage and not passed over', async (t) => {
  const storage = createMemoryStorage();
  storage.content = Buffer.from(frame(CHAIN_START, { is: 'promise' }).line);
  await t.throwsAsync(openJournal(storage, quiet), { message: /line 1: no record that this agent knows/ });
});

test('kept contents come back with mode and owner, and a changed or missing one is told', async (t) => {
  const storage = createMemoryStorage();
  const journal = await openJournal(storage, quiet);
  const original = { bytes: Buffer.from('old'), mode: 0o640, uid: 7, gid: 8 };
  const change = {
    files: [{ path: '/etc/a', before: 'absent' as const, after: 'made-on-host' as const, original, content: undefined }],
    readers: [],
    detail: { mark: 1 },
  };
  const kept = await journal.keep(change);
  t.deepEqual(await journal.restore(kept), change);
  for (const digest of storage.blobs.keys()) storage.blobs.set(digest, Buffer.from('other'));
  await t.throwsAsync(journal.restore(kept), { message: 'cannot trust the journal: what was kept of /etc/a was changed' });
  storage.blobs.clear();
  await t.throwsAsync(journal.restore(kept), { message: 'cannot trust the journal: what was kept of /etc/a is gone' });
});

test('marks rise, never fall, and are the same after opening again', async (t) => {
  let disk: string | undefined;
  const file = {
    read: async () => disk,
    replace: async (text: string) => {
      disk = text;
    },
  };
  const marks = await openMarks(file);
  t.deepEqual(marks.read(), { epoch: 0, counter: 0 });
  await Promise.all([marks.raise({ epoch: 2, counter: 5 }), marks.raise({ epoch: 2, counter: 4 }), marks.raise({ epoch: 1, counter: 9 })]);
  t.deepEqual((await openMarks(file)).read(), { epoch: 2, counter: 5 });
  await marks.raise({ epoch: 3, counter: 1 });
  t.deepEqual((await openMarks(file)).read(), { epoch: 3, counter: 1 });
});

test('a mark that could not be stored is not counted as raised', async (t) => {
  const marks = await openMarks({ read: async () => undefined, replace: () => Promise.reject(new Error('no space left')) });
  await t.throwsAsync(marks.raise({ epoch: 1, counter: 1 }), { message: 'no space left' });
  t.deepEqual(marks.read(), { epoch: 0, counter: 0 });
});

test('marks that cannot be read are damage and not a fresh start', async (t) => {
  for (const text of ['', '{"epoch":1}', '{"epoch":"1","counter":2}'])
    await t.throwsAsync(openMarks({ read: async () => text, replace: async () => undefined }), { message: /cannot trust the marks/ });
});
