import { execFileSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { linuxHost } from '@reberth/agent/host/linux/host.ts';
import test from 'ava';

const host = linuxHost();
const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
const state = (text: string, mode = 0o600) => ({ bytes: Buffer.from(text), mode, uid, gid });

function folder(t: { teardown(fn: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'reberth-files-'));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

test('a written file comes back with bytes, mode and owner, and nothing else is left in the folder', async (t) => {
  const path = join(folder(t), 'a.conf');
  await host.writeFile(path, state('one', 0o640));
  t.deepEqual(await host.readFile(path), state('one', 0o640));
  await host.writeFile(path, state('two', 0o604));
  t.deepEqual(await host.readFile(path), state('two', 0o604));
  t.deepEqual(readdirSync(join(path, '..')), ['a.conf']);
});

test('a file is replaced and never written into, so that who has it open keeps the old one', async (t) => {
  const path = join(folder(t), 'a.conf');
  await host.writeFile(path, state('one'));
  const before = statSync(path).ino;
  await host.writeFile(path, state('two'));
  t.not(statSync(path).ino, before);
});

test('what a crash left beside a file can be taken away without touching the file', async (t) => {
  const path = join(folder(t), 'a.conf');
  await host.writeFile(path, state('one'));
  writeFileSync(join(path, '..', '.a.conf.reberth-new'), 'half');
  await host.tidy?.(path);
  await host.tidy?.(path);
  t.deepEqual(readdirSync(join(path, '..')), ['a.conf']);
  t.deepEqual(await host.readFile(path), state('one'));
});

test('what a crash left beside a file is taken away by the next write and by a removal', async (t) => {
  const path = join(folder(t), 'a.conf');
  const left = join(path, '..', '.a.conf.reberth-new');
  writeFileSync(left, 'half', { mode: 0o444 });
  await host.writeFile(path, state('one'));
  t.deepEqual(readdirSync(join(path, '..')), ['a.conf']);
  writeFileSync(left, 'half');
  await host.removeFile(path);
  t.deepEqual(readdirSync(join(path, '..')), []);
  await host.removeFile(path);
  await host.removeFile(join(path, '..', 'no-folder', 'a.conf'));
});

test('when one of several files cannot be written none is put in place', async (t) => {
  const inside = folder(t);
  const files = [join(inside, 'a'), join(inside, 'absent', 'b')].map((path) => ({ path, file: state('x') }));
  await t.throwsAsync(host.writeFiles(files));
  t.is(await host.readFile(join(inside, 'a')), undefined);
  const both = [join(inside, 'a'), join(inside, 'b')].map((path) => ({ path, file: state('x') }));
  await host.writeFiles(both);
  t.deepEqual(
    readdirSync(inside).filter((name) => !name.startsWith('.')),
    ['a', 'b'],
  );
});

test('a link is neither read nor written over', async (t) => {
  const inside = folder(t);
  writeFileSync(join(inside, 'real'), 'secret');
  symlinkSync(join(inside, 'real'), join(inside, 'link'));
  await t.throwsAsync(host.readFile(join(inside, 'link')), { message: /it is a symbolic link/ });
  await t.throwsAsync(host.writeFile(join(inside, 'link'), state('x')), { message: /no regular file/ });
  t.true(lstatSync(join(inside, 'link')).isSymbolicLink());
  t.is(readFileSync(join(inside, 'real'), 'utf8'), 'secret');
});

test('absent is an answer; folders, pipes and very large files are not read', async (t) => {
  const inside = folder(t);
  t.is(await host.readFile(join(inside, 'no')), undefined);
  t.is(await host.readFile(join(inside, 'no', 'no')), undefined);
  t.deepEqual(await host.list(join(inside, 'no')), []);
  await t.throwsAsync(host.readFile(inside), { message: /no regular file/ });
  execFileSync('/usr/bin/mkfifo', [join(inside, 'pipe')]);
  await t.throwsAsync(host.readFile(join(inside, 'pipe')), { message: /no regular file/ });
  writeFileSync(join(inside, 'large'), Buffer.alloc(4 * 1024 * 1024 + 1));
  await t.throwsAsync(host.readFile(join(inside, 'large')), { message: /larger than/ });
});

test('a file that says that it is empty is read to its end', async (t) => {
  t.regex((await host.readFile('/proc/self/status'))?.bytes.toString() ?? '', /^Name:/);
});
