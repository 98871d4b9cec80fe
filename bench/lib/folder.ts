/** A folder for one benchmark on a real disk: what is synced to memory would be measured as nothing. */
import { mkdtemp, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cleanup } from './cleanup.ts';

/** Kept over a reboot, so never in memory by design. */
const PLACE = '/var/tmp';
const TMPFS = 0x01021994;

export async function folderOnDisk(cleanup: Cleanup): Promise<string> {
  if ((await statfs(PLACE)).type === TMPFS) throw new Error(`cannot measure: ${PLACE} is in memory`);
  const folder = await mkdtemp(join(PLACE, 'reberth-bench-'));
  cleanup.add(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
