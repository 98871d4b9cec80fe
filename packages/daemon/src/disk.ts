/**
 * The calls by which journals and kept contents reach the disk. The real ones are Node's own; tests hand in others that write down their
 * order, or fail where a full disk would.
 */
import { lstat, mkdir, open, readdir, readFile, rename, unlink } from 'node:fs/promises';

export const realDisk = { lstat, mkdir, open, readdir, readFile, rename, unlink } as const;
export type Disk = typeof realDisk;
