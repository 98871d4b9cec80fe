/** A disk of a few kilobytes that tests can fill: a tmpfs of its own, taken away at the end. Needs root. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface SmallDisk {
  readonly folder: string;
  /** Leaves no room at all. */
  fill(): void;
  /** Gives back what `fill` took. */
  free(): void;
  readOnly(): void;
  /** Also makes what was read-only writable again. */
  remove(): void;
}

export const canMount = process.getuid?.() === 0;

export function smallDisk(kilobytes = 64): SmallDisk {
  const folder = mkdtempSync(join(tmpdir(), 'reberth-small-disk-'));
  mount('-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder);
  const filler = join(folder, 'filler');
  return {
    folder,
    fill() {
      for (let size = kilobytes * 1024; size > 0; size = Math.floor(size / 2)) {
        try {
          writeFileSync(filler, Buffer.alloc(size), { flag: 'a' });
        } catch {
          // Taken as far as there was room.
        }
      }
    },
    free: () => rmSync(filler, { force: true }),
    readOnly: () => mount('-o', 'remount,ro', folder),
    remove() {
      execFileSync('/bin/umount', ['-l', folder]);
      rmSync(folder, { recursive: true });
    },
  };
}

const mount = (...args: readonly string[]): void => void execFileSync('/bin/mount', args);
