/**
 * Files of this host: read whole, written so that a reader meets the old file or the new one and a power cut leaves one of the two. Links
 * in the last component are refused both ways: what was looked at must be what is replaced. One fixed temporary name beside each file, so
 * that a crash leaves at most one of them and the next write or removal takes it away.
 */
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { type Disk, realDisk } from '@reberth/daemon/disk.ts';
import type { FileState } from '../host.ts';

/** Configuration is far smaller; what is larger is no configuration. */
const FILE_BYTES_MAX = 4 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

export async function readState(path: string, disk: Disk = realDisk): Promise<FileState | undefined> {
  // O_NONBLOCK: a pipe put in the place of a file must not make the agent wait for its writer.
  const handle = await disk.open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw new Error(`cannot read ${path}: ${codeOf(error) === 'ELOOP' ? 'it is a symbolic link' : wordsOf(error)}`);
  });
  if (handle === undefined) return undefined;
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new Error(`cannot read ${path}: it is no regular file`);
    return { bytes: await readAll(handle, path), mode: stat.mode & 0o7777, uid: stat.uid, gid: stat.gid };
  } finally {
    await handle.close();
  }
}

export async function listFolder(path: string): Promise<readonly string[]> {
  try {
    return (await realDisk.readdir(path)).sort();
  } catch (error) {
    if (isAbsent(error)) return [];
    throw new Error(`cannot list ${path}: ${wordsOf(error)}`);
  }
}

export async function writeStates(files: readonly { readonly path: string; readonly file: FileState }[], disk: Disk = realDisk): Promise<void> {
  for (const { path, file } of files) await writeTemporary(path, file, disk);
  for (const { path } of files) await disk.rename(temporaryOf(path), path);
  for (const folder of new Set(files.map(({ path }) => dirname(path)))) await syncFolder(folder, disk);
}

export async function removeState(path: string): Promise<void> {
  await unlinkIfThere(temporaryOf(path), realDisk);
  await unlinkIfThere(path, realDisk);
  // Absent already may mean: removed by us before a crash, and not yet on disk.
  await syncFolder(dirname(path)).catch((error: unknown) => {
    if (!isAbsent(error)) throw error;
  });
}

/** After a crash: the temporary file of a write that never came to its rename. */
export async function tidyState(path: string): Promise<void> {
  if (await unlinkIfThere(temporaryOf(path), realDisk)) await syncFolder(dirname(path));
}

export async function syncFolder(folder: string, disk: Disk = realDisk): Promise<void> {
  const handle = await disk.open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** `/proc` files say that they are empty, so the size is found by reading. */
async function readAll(handle: FileHandle, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for (let total = 0; ; ) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(CHUNK_BYTES), 0, CHUNK_BYTES);
    if (bytesRead === 0) return Buffer.concat(chunks);
    total += bytesRead;
    if (total > FILE_BYTES_MAX) throw new Error(`cannot read ${path}: larger than ${FILE_BYTES_MAX} bytes`);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

async function writeTemporary(path: string, file: FileState, disk: Disk): Promise<void> {
  const present = await disk.lstat(path).catch(() => undefined);
  if (present !== undefined && !present.isFile()) throw new Error(`cannot write ${path}: it is no regular file`);
  const temporary = temporaryOf(path);
  await unlinkIfThere(temporary, disk);
  // 0600 first: a key must not be readable for the moment until its mode is set.
  const handle = await disk.open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    await handle.writeFile(file.bytes);
    const own = await handle.stat();
    // Only where it differs: who is not root may write its own files.
    if (own.uid !== file.uid || own.gid !== file.gid) await handle.chown(file.uid, file.gid);
    await handle.chmod(file.mode);
    await handle.sync();
  } catch (error) {
    // A disk that is full must not stay full of what could not be written.
    await unlinkIfThere(temporary, disk).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
}

/** Starts with a dot: readers of whole folders leave such names alone. */
const temporaryOf = (path: string): string => join(dirname(path), `.${basename(path)}.reberth-new`);

async function unlinkIfThere(path: string, disk: Disk): Promise<boolean> {
  try {
    await disk.unlink(path);
    return true;
  } catch (error) {
    if (isAbsent(error)) return false;
    throw new Error(`cannot remove ${path}: ${wordsOf(error)}`);
  }
}

const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
const codeOf = (error: unknown): string => (error instanceof Error && 'code' in error ? String(error.code) : '');
const wordsOf = (error: unknown): string => codeOf(error) || String(error);
