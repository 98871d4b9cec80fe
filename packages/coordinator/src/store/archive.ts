/**
 * Moves the oldest rollouts out of the way of every start: those that have ended, beyond the newest so many, into `archive/`. Nothing is
 * deleted; one that is under way, or that cannot be read, stays where it is.
 */
import { dirname, join } from 'node:path';
import type { Disk } from '@reberth/daemon/disk.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import { unframe } from '@reberth/protocol/record.ts';
import { replay } from '../rollout/reduce.ts';
import { syncFolder } from './folder.ts';

/** Read at every start. A move leaves some 300 kB, so this is read in well under a second. */
export const ROLLOUTS_KEPT = 50;

/** `names` are the journals in `from`, oldest first. */
export async function archiveEnded(from: string, to: string, names: readonly string[], kept: number, disk: Disk): Promise<readonly string[]> {
  const moved: string[] = [];
  for (const name of names.slice(0, Math.max(0, names.length - kept))) {
    if (!hasEnded(await disk.readFile(join(from, name)))) continue;
    if (moved.length === 0) {
      await disk.mkdir(to, { recursive: true, mode: 0o700 });
      await syncFolder(dirname(to), disk);
    }
    await disk.rename(join(from, name), join(to, name));
    moved.push(name);
  }
  if (moved.length > 0) for (const folder of [to, from]) await syncFolder(folder, disk);
  return moved;
}

function hasEnded(content: Buffer): boolean {
  const records = unframe(content);
  return records.ok && replay(records.bodies as readonly RolloutEvent[])?.standing === 'ended';
}
