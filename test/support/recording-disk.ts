/**
 * The real disk, with every call that changes something written down in its order, and calls that fail when a test says so. Names are relative
 * to one folder.
 */
import type { FileHandle } from 'node:fs/promises';
import { dirname, relative } from 'node:path';
import { type Disk, realDisk } from '@reberth/daemon/disk.ts';

/** An error instead of the call, or `undefined` to let it happen. */
export type Trouble = (call: string) => Error | undefined;

export interface RecordingDisk extends Disk {
  /** `append journal.log`, `sync .`, `rename a b`; a test adds `acknowledged` itself. */
  readonly calls: string[];
}

const CHANGING: Readonly<Record<string, string>> = {
  appendFile: 'append',
  writeFile: 'write',
  truncate: 'truncate',
  chmod: 'chmod',
  chown: 'chown',
  sync: 'sync',
  datasync: 'datasync',
};

export function recordingDisk(folder: string, trouble: Trouble = () => undefined): RecordingDisk {
  const calls: string[] = [];
  const name = (path: unknown): string => relative(folder, String(path)) || '.';
  const recorded = async <T>(call: string, effect: () => Promise<T>): Promise<T> => {
    calls.push(call);
    const error = trouble(call);
    if (error !== undefined) throw error;
    return effect();
  };
  const disk = {
    ...realDisk,
    mkdir: (path: string, options: object) => recorded(`mkdir ${name(path)}`, () => realDisk.mkdir(path, options)),
    rename: (from: string, to: string) => recorded(`rename ${name(from)} ${name(to)}`, () => realDisk.rename(from, to)),
    unlink: (path: string) => realDisk.unlink(path).then(() => void calls.push(`unlink ${name(path)}`)),
    open: async (path: string, flags: string | number, mode?: number) => {
      const handle = await realDisk.open(path, flags, mode);
      return new Proxy(handle, {
        get(target, key) {
          const value = Reflect.get(target, key) as unknown;
          if (typeof value !== 'function') return value;
          const deed = CHANGING[String(key)];
          const bound = value.bind(target) as (...args: unknown[]) => Promise<unknown>;
          return deed === undefined ? bound : (...args: unknown[]) => recorded(`${deed} ${name(path)}`, () => bound(...args));
        },
      }) as FileHandle;
    },
  };
  return { ...(disk as unknown as Disk), calls };
}

/**
 * What a power cut after these calls could still take away: contents that were not synced after they were written, and names whose folder was
 * not synced after they were made, changed or removed.
 */
export function unsynced(calls: readonly string[]): readonly string[] {
  const waiting = new Set<string>();
  const changedName = (path: string): void => void waiting.add(`the name ${path} in ${dirname(path)}`);
  for (const call of calls) {
    const [deed = '', first = '', second = ''] = call.split(' ');
    if (['append', 'write', 'truncate', 'chmod', 'chown'].includes(deed)) waiting.add(`the content of ${first}`);
    if (deed === 'mkdir' || deed === 'unlink') changedName(first);
    if (deed === 'rename') {
      // What was synced under the old name is synced under the new one.
      if (waiting.delete(`the content of ${first}`)) waiting.add(`the content of ${second}`);
      changedName(second);
    }
    if (deed !== 'sync' && deed !== 'datasync') continue;
    waiting.delete(`the content of ${first}`);
    for (const one of waiting) if (one.startsWith('the name ') && one.endsWith(` in ${first}`)) waiting.delete(one);
  }
  return [...waiting];
}

export const fullDisk = (): Error => Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
export const readOnlyDisk = (): Error => Object.assign(new Error('EROFS: read-only file system, write'), { code: 'EROFS' });
export const brokenDisk = (): Error => Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO' });
