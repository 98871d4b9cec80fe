/** A name in a folder lasts only when the folder itself is synced. */
import type { Disk } from '@reberth/daemon/disk.ts';

export async function syncFolder(path: string, disk: Disk): Promise<void> {
  const handle = await disk.open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
