/**
 * One program at a time works on a state folder: the service, or `undo` while it is stopped. The lock names its holder by process id, start
 * time and boot, so that one left by a crash or a power cut is told from one that is held.
 */
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bootName } from './boot.ts';

export type Locked = { readonly ok: true; release(): Promise<void> } | { readonly ok: false; readonly pid: number };

/** More rounds than one mean that others take over the same stale lock at this moment. */
const ROUNDS = 5;

export async function lockState(stateFolder: string): Promise<Locked> {
  const path = join(stateFolder, 'lock');
  const own = `${process.pid} ${await startOf(process.pid)}\n`;
  for (let round = 0; round < ROUNDS; round += 1) {
    if (await claim(path, own)) return { ok: true, release: () => release(path, own) };
    const holder = await readFile(path, 'utf8').catch(() => undefined);
    if (holder === undefined) continue;
    const pid = Number(holder.split(' ')[0]);
    if (holder !== own && (await isAlive(holder))) return { ok: false, pid };
    await putAside(path, holder);
  }
  throw new Error(`cannot lock ${path}: others take it at the same time`);
}

/** Process id of who holds the lock now; undefined when nobody does. */
export async function lockHolder(stateFolder: string): Promise<number | undefined> {
  const holder = await readFile(join(stateFolder, 'lock'), 'utf8').catch(() => '');
  return (await isAlive(holder)) ? Number(holder.split(' ')[0]) : undefined;
}

/** Ends who holds the lock without asking: what it was in the middle of is ended by whoever opens the journal next. */
export async function endHolder(stateFolder: string, pid: number): Promise<void> {
  if ((await lockHolder(stateFolder)) !== pid) return;
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

/** What a service that lives writes anew at every heartbeat; empty when none ever did. */
export const signOfLife = (stateFolder: string): Promise<string> => readFile(join(stateFolder, 'alive'), 'utf8').catch(() => '');

/** A link appears with its content or not at all, and for one of two only. */
async function claim(path: string, own: string): Promise<boolean> {
  const mine = `${path}.${process.pid}`;
  await writeFile(mine, own, { mode: 0o600 });
  try {
    await link(mine, path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(mine).catch(() => undefined);
  }
}

/** Takes a stale lock away; one that turns out to be another's new one is put back. */
async function putAside(path: string, stale: string): Promise<void> {
  const aside = `${path}.stale.${process.pid}`;
  const moved = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!moved) return;
  if ((await readFile(aside, 'utf8').catch(() => stale)) !== stale) await link(aside, path).catch(() => undefined);
  await unlink(aside).catch(() => undefined);
}

async function release(path: string, own: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => '')) === own) await unlink(path).catch(() => undefined);
}

async function isAlive(holder: string): Promise<boolean> {
  const [, pid, start] = /^(\d+) (.+)\n$/.exec(holder) ?? [];
  return pid !== undefined && (await startOf(Number(pid))) === start;
}

/** Boot and start time of a process; undefined when there is none. */
async function startOf(pid: number): Promise<string | undefined> {
  const [stat, boot] = await Promise.all([readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined), bootName()]);
  // The name in parentheses may hold spaces; the start time is the 22nd field, the 20th after it.
  const ticks = stat
    ?.slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .at(19);
  return ticks === undefined ? undefined : `${ticks} ${boot}`;
}
