/**
 * What the journal needs of a disk. Two implementations: `host/linux/file-storage.ts` and the one in memory. Promises that what was appended
 * or put is durable when the call resolves; a call that rejects may have left anything up to the whole of it behind, unless it rejects with
 * `NothingWritten`.
 */
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Digest } from '@reberth/protocol/ids.ts';

export interface Storage {
  /** The whole journal; empty when there is none yet. */
  read(): Promise<Buffer>;
  append(text: string): Promise<void>;
  /** Cuts the journal to its first `length` bytes. */
  truncate(length: number): Promise<void>;
  /** Puts another journal in the place of this one; a crash leaves one of the two. */
  replace(content: Buffer): Promise<void>;
  /** Keeps bytes under their SHA-256, readable by nobody else. Twice is fine. */
  putBlob(bytes: Buffer): Promise<Digest>;
  getBlob(digest: Digest): Promise<Buffer | undefined>;
  /** Removes every blob but these. */
  keepBlobs(wanted: ReadonlySet<string>): Promise<void>;
}

/** The disk took nothing (it is full, or read-only), and is as it was before the call: the next write may be tried. */
export class NothingWritten extends Error {
  constructor(cause: unknown) {
    super(messageOf(cause), { cause });
    this.name = 'NothingWritten';
  }
}
