/**
 * Which start of this host it is: a name in /run, which every start empties, made by the first who asks. The kernel's own name for it is not
 * used where /run takes a file, because a container, and a service with protected kernel tunables in one, sees another machine's.
 */
import { randomUUID } from 'node:crypto';
import { link, readFile, unlink, writeFile } from 'node:fs/promises';

const MARK = '/run/reberth-boot';
const KERNEL = '/proc/sys/kernel/random/boot_id';

let known: Promise<string> | undefined;

/** Does not change while a program runs. */
export function bootName(): Promise<string> {
  known ??= findName();
  return known;
}

async function findName(): Promise<string> {
  return (await nameIn(MARK)) ?? (await makeName().catch(() => undefined)) ?? (await nameIn(KERNEL)) ?? '';
}

/** A link appears with its content or not at all, and for one of two only. */
async function makeName(): Promise<string | undefined> {
  const mine = `${MARK}.${process.pid}`;
  await writeFile(mine, `${randomUUID()}\n`, { mode: 0o644 });
  try {
    await link(mine, MARK).catch(() => undefined);
  } finally {
    await unlink(mine);
  }
  return nameIn(MARK);
}

const nameIn = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').then(
    (text) => text.trim() || undefined,
    () => undefined,
  );
