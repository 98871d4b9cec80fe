/** A disk in memory, for tests and simulations. What was appended is there for the next journal that is opened on it. */
import { sha256 } from '@reberth/protocol/canonical.ts';
import type { Digest } from '@reberth/protocol/ids.ts';
import type { Storage } from './storage.ts';

export interface MemoryStorage extends Storage {
  /** The journal as it lies on the disk, to be looked at or damaged. */
  content: Buffer;
  readonly blobs: Map<Digest, Buffer>;
}

export function createMemoryStorage(): MemoryStorage {
  const storage: MemoryStorage = {
    content: Buffer.alloc(0),
    blobs: new Map(),
    read: async () => storage.content,
    append: async (text) => {
      storage.content = Buffer.concat([storage.content, Buffer.from(text)]);
    },
    truncate: async (length) => {
      storage.content = storage.content.subarray(0, length);
    },
    replace: async (content) => {
      storage.content = Buffer.from(content);
    },
    putBlob: async (bytes) => {
      const digest = sha256(bytes);
      storage.blobs.set(digest, Buffer.from(bytes));
      return digest;
    },
    getBlob: async (digest) => storage.blobs.get(digest),
    keepBlobs: async (wanted) => {
      for (const digest of storage.blobs.keys()) if (!wanted.has(digest)) storage.blobs.delete(digest);
    },
  };
  return storage;
}
