/**
 * The journal on disk: `journal.log`, `blobs/<sha256>` and `marks.json` in the state folder, for root alone. Everything is synced before it
 * is acknowledged, the folders too where a name in them is new.
 */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Disk, realDisk } from '@reberth/daemon/disk.ts';
import { sha256 } from '@reberth/protocol/canonical.ts';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import type { MarksFile } from '../../journal/marks.ts';
import { NothingWritten, type Storage } from '../../journal/storage.ts';
import { readState, syncFolder, writeStates } from './files.ts';

export async function fileStorage(stateFolder: string, disk: Disk = realDisk): Promise<Storage> {
  const journal = join(stateFolder, 'journal.log');
  const blobs = join(stateFolder, 'blobs');
  let { handle, size } = await openAll(stateFolder, journal, blobs, disk);
  return {
    read: () => disk.readFile(journal),
    async append(text) {
      try {
        await handle.appendFile(text);
      } catch (cause) {
        throw (await isCutTo(handle, size)) ? new NothingWritten(cause) : cause;
      }
      await handle.datasync();
      size += Buffer.byteLength(text);
    },
    async truncate(length) {
      await handle.truncate(length);
      await handle.sync();
      size = length;
    },
    async replace(content) {
      try {
        await writeOwn(join(stateFolder, NEXT_JOURNAL), content, disk);
      } catch (cause) {
        throw new NothingWritten(cause);
      }
      await disk.rename(join(stateFolder, NEXT_JOURNAL), journal);
      await syncFolder(stateFolder, disk);
      await handle.close();
      handle = await openJournal(journal, disk);
      size = content.length;
    },
    async putBlob(bytes) {
      const digest = sha256(bytes);
      const path = join(blobs, digest);
      // Kept before: synced then, and a blob is never written twice. One that a power cut left torn is written anew.
      const there = await disk.readFile(path).catch(() => undefined);
      if (there === undefined || sha256(there) !== digest) await writeOwn(path, bytes, disk);
      return digest;
    },
    getBlob: (digest) =>
      disk.readFile(join(blobs, digest)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      }),
    async keepBlobs(wanted) {
      const spare = (await disk.readdir(blobs)).filter((name) => !wanted.has(name));
      for (const name of spare) await disk.unlink(join(blobs, name));
      if (spare.length > 0) await syncFolder(blobs, disk);
    },
  };
}

/** Complete and synced before it takes the journal's name; one that a crash left is written over by the next. */
const NEXT_JOURNAL = 'journal.next';

async function openAll(
  stateFolder: string,
  journal: string,
  blobs: string,
  disk: Disk,
): Promise<{ readonly handle: FileHandle; readonly size: number }> {
  try {
    await disk.mkdir(blobs, { recursive: true, mode: 0o700 });
    const handle = await openJournal(journal, disk);
    await handle.sync();
    // Also what an earlier process was killed over: it is believed from now on.
    await syncFolder(blobs, disk);
    await syncFolder(stateFolder, disk);
    return { handle, size: (await handle.stat()).size };
  } catch (cause) {
    throw new ReberthError('storage-failed', `cannot open the journal in ${stateFolder}: ${messageOf(cause)}`, { cause });
  }
}

const openJournal = (path: string, disk: Disk): Promise<FileHandle> =>
  disk.open(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW, 0o600);

/** Whether a write that failed left nothing behind, or what it left could be cut off again for good. */
async function isCutTo(handle: FileHandle, size: number): Promise<boolean> {
  try {
    if ((await handle.stat()).size === size) return true;
    await handle.truncate(size);
    await handle.sync();
    return true;
  } catch {
    return false;
  }
}

/** For looking only: makes no folder and cuts nothing. Empty when there is none. */
export const readJournalFile = (stateFolder: string): Promise<Buffer> =>
  readFile(join(stateFolder, 'journal.log')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });

export function fileMarks(stateFolder: string, disk: Disk = realDisk): MarksFile {
  const path = join(stateFolder, 'marks.json');
  return {
    read: async () => (await readState(path, disk))?.bytes.toString('utf8'),
    replace: (text) => writeOwn(path, Buffer.from(text), disk),
  };
}

/** Rejects when the state folder takes no write. Not synced: it is asked every second, on disks that etcd shares. */
export async function touchState(stateFolder: string): Promise<void> {
  const handle = await open(join(stateFolder, 'alive'), constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW, 0o600);
  try {
    await handle.writeFile(`${Date.now()}\n`);
  } finally {
    await handle.close();
  }
}

const writeOwn = (path: string, bytes: Buffer, disk: Disk): Promise<void> =>
  writeStates([{ path, file: { bytes, mode: 0o600, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 } }], disk);
