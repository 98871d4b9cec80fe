/**
 * The journal on disk: `journal.log`, `blobs/<sha256>` and `marks.json` in the state folder, for root alone. Everything is synced before it
 * is acknowledged, the folders too where a name in them is new.
 */
import { constants } from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '@reberth/protocol/canonical.ts';
import type { MarksFile } from '../../journal/marks.ts';
import type { Storage } from '../../journal/storage.ts';
import { readState, syncFolder, writeStates } from './files.ts';

export async function fileStorage(stateFolder: string): Promise<Storage> {
  const journal = join(stateFolder, 'journal.log');
  const blobs = join(stateFolder, 'blobs');
  await mkdir(blobs, { recursive: true, mode: 0o700 });
  const handle = await open(journal, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW, 0o600);
  await handle.sync();
  await syncFolder(stateFolder);
  return {
    read: () => readFile(journal),
    async append(text) {
      await handle.appendFile(text);
      await handle.datasync();
    },
    async truncate(length) {
      await handle.truncate(length);
      await handle.sync();
    },
    async putBlob(bytes) {
      const digest = sha256(bytes);
      const path = join(blobs, digest);
      // Kept before: synced then, and a blob is never written twice. One that a power cut left torn is written anew.
      const there = await readFile(path).catch(() => undefined);
      if (there === undefined || sha256(there) !== digest) await writeOwn(path, bytes);
      return digest;
    },
    getBlob: (digest) =>
      readFile(join(blobs, digest)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      }),
  };
}

/** For looking only: makes no folder and cuts nothing. Empty when there is none. */
export const readJournalFile = (stateFolder: string): Promise<Buffer> =>
  readFile(join(stateFolder, 'journal.log')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  });

export function fileMarks(stateFolder: string): MarksFile {
  const path = join(stateFolder, 'marks.json');
  return {
    read: async () => (await readState(path))?.bytes.toString('utf8'),
    replace: (text) => writeOwn(path, Buffer.from(text)),
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

const writeOwn = (path: string, bytes: Buffer): Promise<void> =>
  writeStates([{ path, file: { bytes, mode: 0o600, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 } }]);
