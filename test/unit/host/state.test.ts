import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileMarks, fileStorage, readJournalFile, touchState } from '@reberth/agent/host/linux/file-storage.ts';
import { lockHolder, lockState } from '@reberth/agent/host/linux/lock.ts';
import { createMemoryStorage } from '@reberth/agent/journal/memory-storage.ts';
import type { Storage } from '@reberth/agent/journal/storage.ts';
import { sha256 } from '@reberth/protocol/canonical.ts';
import test from 'ava';

function folder(t: { teardown(fn: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'reberth-state-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

const STORAGES: readonly { readonly name: string; readonly open: (path: string) => Promise<Storage> }[] = [
  { name: 'file', open: fileStorage },
  { name: 'memory', open: async () => createMemoryStorage() },
];

for (const { name, open } of STORAGES) {
  test(`${name} storage: appends follow one another, a cut takes the end away, blobs come back by their hash`, async (t) => {
    const storage = await open(folder(t));
    t.is((await storage.read()).length, 0);
    await storage.append('one\n');
    await storage.append('two\n');
    await storage.append('thr');
    await storage.truncate(8);
    await storage.append('four\n');
    t.is((await storage.read()).toString(), 'one\ntwo\nfour\n');
    const digest = await storage.putBlob(Buffer.from('old'));
    t.is(digest, sha256('old'));
    t.is(await storage.putBlob(Buffer.from('old')), digest);
    t.deepEqual(await storage.getBlob(digest), Buffer.from('old'));
    t.is(await storage.getBlob(sha256('other')), undefined);
  });
}

test('what is kept on disk is there for the next start, and for root alone', async (t) => {
  const path = join(folder(t), 'state');
  const storage = await fileStorage(path);
  await storage.append('one\n');
  const digest = await storage.putBlob(Buffer.from('key material'));
  t.is((await (await fileStorage(path)).read()).toString(), 'one\n');
  t.is((await readJournalFile(path)).toString(), 'one\n');
  for (const file of ['journal.log', join('blobs', digest)]) t.is(statSync(join(path, file)).mode & 0o777, 0o600, file);
  t.is(statSync(join(path, 'blobs')).mode & 0o777, 0o700);
});

test('a blob that was torn by a power cut is written anew', async (t) => {
  const path = folder(t);
  const storage = await fileStorage(path);
  const digest = await storage.putBlob(Buffer.from('old'));
  writeFileSync(join(path, 'blobs', digest), 'ol');
  await storage.putBlob(Buffer.from('old'));
  t.deepEqual(await storage.getBlob(digest), Buffer.from('old'));
});

test('marks are replaced as a whole', async (t) => {
  const marks = fileMarks(folder(t));
  t.is(await marks.read(), undefined);
  await marks.replace('one');
  await marks.replace('two');
  t.is(await marks.read(), 'two');
});

test('a state folder that is gone takes no write', async (t) => {
  const path = folder(t);
  await touchState(path);
  await t.throwsAsync(touchState(join(path, 'gone')));
});

test('a lock is had by one at a time and can be had again when it is given back', async (t) => {
  const path = folder(t);
  const lock = await lockState(path);
  t.is(await lockHolder(path), process.pid);
  if (!lock.ok) return t.fail();
  await lock.release();
  t.is(await lockHolder(path), undefined);
  t.deepEqual(readdirSync(path), []);
});

test('a lock held by another process that lives is refused with its id; one of a dead process is taken over', async (t) => {
  const path = folder(t);
  const module = new URL(import.meta.resolve('@reberth/agent/host/linux/lock.ts')).pathname;
  const other = spawn(
    process.execPath,
    [
      '--no-warnings',
      '--input-type=module',
      '-e',
      `import { lockState } from ${JSON.stringify(module)}; await lockState(${JSON.stringify(path)}); console.log('held'); setInterval(() => {}, 1000);`,
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  await new Promise((resolve) => other.stdout.once('data', resolve));
  const { pid } = other;
  t.deepEqual(await lockState(path), { ok: false, pid: Number(pid) });
  const exited = new Promise((resolve) => other.once('exit', resolve));
  other.kill('SIGKILL');
  await exited;
  t.true((await lockState(path)).ok);
});

test('a lock left by an earlier boot, whose process id is somebody else now, is taken over', async (t) => {
  const path = folder(t);
  writeFileSync(join(path, 'lock'), `1 1 00000000-0000-0000-0000-000000000000\n`);
  t.is(await lockHolder(path), undefined);
  t.true((await lockState(path)).ok);
});
