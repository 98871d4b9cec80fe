/**
 * The host's write-ahead journal. Promises that a record is on disk when `append` resolves, that a torn last line (never acknowledged) is cut
 * and anything else damaged is refused, and that after one failed write nothing more is written: what reached the disk is then unknown
 * until the journal is opened again.
 */
import { sha256 } from '@reberth/protocol/canonical.ts';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import { type Digest, digestOf } from '@reberth/protocol/ids.ts';
import { frame, unframe } from '@reberth/protocol/record.ts';
import * as v from 'valibot';
import type { Change, StoredFile } from '../actions/action.ts';
import { entered, type Ledger } from './ledger.ts';
import { type JournalRecord, type KeptChange, RecordSchema, type Stored } from './records.ts';
import type { Storage } from './storage.ts';

export interface Journal {
  ledger(): Ledger;
  append(record: JournalRecord): Promise<void>;
  /** Puts file contents beside the journal; the change may be named in a record afterwards. */
  keep(change: Change): Promise<KeptChange>;
  /** The change as it was kept, contents included. */
  restore(kept: KeptChange): Promise<Change>;
}

export interface JournalLog {
  warn(fields: object, message: string): void;
}

export interface ReadJournal {
  readonly ledger: Ledger;
  readonly link: string;
  /** Bytes of whole records, and bytes after them that were never acknowledged. */
  readonly length: number;
  readonly tornTail: number;
}

/** Changes nothing; throws for a journal that cannot be trusted. */
export function readJournal(content: Buffer): ReadJournal {
  const read = unframe(content);
  if (!read.ok) throw damaged(`line ${read.line}: ${read.why}`);
  let ledger: Ledger = new Map();
  for (const [index, body] of read.bodies.entries()) ledger = entered(ledger, recordOf(body, index + 1));
  return { ledger, link: read.link, length: read.length, tornTail: read.tornTail };
}

export async function openJournal(storage: Storage, log: JournalLog): Promise<Journal> {
  const read = readJournal(await storage.read());
  if (read.tornTail > 0) {
    await storage.truncate(read.length);
    log.warn({ bytes: read.tornTail }, 'cut the torn end of the journal: its writing was interrupted and never acknowledged');
  }
  let { ledger } = read;
  let link = read.link;
  let broken: string | undefined;

  return {
    ledger: () => ledger,
    async append(record) {
      if (broken !== undefined) throw new ReberthError('storage-failed', `cannot write the journal: an earlier write failed: ${broken}`);
      const framed = frame(link, record);
      try {
        await storage.append(framed.line);
      } catch (cause) {
        broken = messageOf(cause);
        throw new ReberthError('storage-failed', `cannot write the journal: ${broken}`, { cause });
      }
      link = framed.link;
      ledger = entered(ledger, record);
    },
    keep: (change) => keep(storage, change),
    restore: (kept) => restore(storage, kept),
  };
}

function recordOf(body: unknown, line: number): JournalRecord {
  const parsed = v.safeParse(RecordSchema, body);
  if (!parsed.success)
    throw damaged(`line ${line}: no record that this agent knows: ${parsed.issues.map((issue) => v.getDotPath(issue) ?? issue.message).join(', ')}`);
  return parsed.output;
}

async function keep(storage: Storage, { files, readers, detail }: Change): Promise<KeptChange> {
  const put = async (file: StoredFile | undefined): Promise<Stored> => {
    if (file === undefined) return 'absent';
    const { bytes, mode, uid, gid } = file;
    return { sha256: await storage.putBlob(bytes), mode, uid, gid };
  };
  const kept = [];
  try {
    for (const { path, before, after, original, content } of files)
      kept.push({ path, before, after, original: await put(original), content: await put(content) });
  } catch (cause) {
    throw new ReberthError('storage-failed', `cannot keep what files hold now: ${messageOf(cause)}`, { cause });
  }
  return { files: kept, readers: readers.map(({ unit, invocationBefore }) => ({ unit, invocationBefore })), detail };
}

async function restore(storage: Storage, { files, readers, detail }: KeptChange): Promise<Change> {
  const get = async (path: string, stored: Stored): Promise<StoredFile | undefined> => {
    if (stored === 'absent') return undefined;
    const { mode, uid, gid } = stored;
    return { bytes: await blob(storage, path, digestOf(stored.sha256)), mode, uid, gid };
  };
  const planned = [];
  for (const { path, before, after, original, content } of files)
    planned.push({ path, before, after, original: await get(path, original), content: await get(path, content) });
  return { files: planned, readers, detail };
}

async function blob(storage: Storage, path: string, digest: Digest): Promise<Buffer> {
  const bytes = await storage.getBlob(digest);
  if (bytes === undefined) throw damaged(`what was kept of ${path} is gone`);
  if (sha256(bytes) !== digest) throw damaged(`what was kept of ${path} was changed`);
  return bytes;
}

const damaged = (why: string): ReberthError => new ReberthError('journal-damaged', `cannot trust the journal: ${why}`);
