/**
 * The host's write-ahead journal. Promises that a record is on disk when `append` resolves, that a torn last line (never acknowledged) is cut
 * and anything else damaged is refused, and that after a failed write nothing more is written when it is unknown what reached the disk, until
 * the journal is opened again. Rollouts long over are left out when it is opened and when a new one begins.
 */
import { sha256 } from '@reberth/protocol/canonical.ts';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import { type Digest, digestOf } from '@reberth/protocol/ids.ts';
import { frame, unframe } from '@reberth/protocol/record.ts';
import * as v from 'valibot';
import type { Change, StoredFile } from '../actions/action.ts';
import { type Checkpoint, CheckpointSchema, compacted, hashesIn, LIMITS, type Limits, noCheckpoint } from './compaction.ts';
import { entered, type Ledger } from './ledger.ts';
import { type JournalRecord, type KeptChange, RecordSchema, type Stored } from './records.ts';
import { NothingWritten, type Storage } from './storage.ts';

export interface Journal {
  ledger(): Ledger;
  /** This rollout is over and was left out of the journal: nothing is known of its steps any more. */
  forgot(rollout: string): boolean;
  append(record: JournalRecord): Promise<void>;
  /** Puts file contents beside the journal; the change may be named in a record afterwards. Rejects when nothing new may be begun. */
  keep(change: Change): Promise<KeptChange>;
  /** The change as it was kept, contents included. */
  restore(kept: KeptChange): Promise<Change>;
}

export interface JournalLog {
  warn(fields: object, message: string): void;
}

export interface ReadJournal {
  readonly checkpoint: Checkpoint;
  /** All records after the checkpoint, as they were written. */
  readonly bodies: readonly object[];
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
  const { checkpoint, bodies } = opening(read.bodies);
  const skipped = read.bodies.length - bodies.length;
  let ledger: Ledger = new Map();
  for (const [index, body] of bodies.entries()) ledger = entered(ledger, recordOf(body, index + 1 + skipped));
  return { checkpoint, bodies, ledger, link: read.link, length: read.length, tornTail: read.tornTail };
}

export async function openJournal(storage: Storage, log: JournalLog, limits: Limits = LIMITS): Promise<Journal> {
  const read = readJournal(await storage.read());
  if (read.tornTail > 0) {
    await storage.truncate(read.length);
    log.warn({ bytes: read.tornTail }, 'cut the torn end of the journal: its writing was interrupted and never acknowledged');
  }
  let { ledger, link, length, checkpoint } = read;
  let broken: string | undefined;

  const failed = (cause: unknown): ReberthError => {
    if (!(cause instanceof NothingWritten)) broken = messageOf(cause);
    return new ReberthError('storage-failed', `cannot write the journal: ${messageOf(cause)}`, { cause });
  };

  /** `next` is the record about to be written: what was kept for it stays. */
  async function compact(next?: JournalRecord): Promise<void> {
    const rollouts = new Set([...ledger.values()].map(({ rollout }) => rollout));
    if (rollouts.size <= limits.rolloutsKept && length <= limits.compactAtBytes) return;
    const { bodies } = readJournal(await storage.read());
    const smaller = compacted(bodies, checkpoint, ledger, limits);
    if (smaller === undefined) return;
    try {
      await storage.replace(smaller.content);
    } catch (cause) {
      // The journal is as it was: it goes on growing until there is room, or until its limit.
      if (!(cause instanceof NothingWritten)) throw failed(cause);
      return log.warn({ why: messageOf(cause) }, 'cannot compact the journal');
    }
    ({ checkpoint, link } = smaller);
    length = smaller.content.length;
    const left = new Set(smaller.forgotten);
    ledger = new Map([...ledger].filter(([, { rollout }]) => !left.has(rollout)));
    log.warn(
      { rollouts: smaller.forgotten, bytes: length },
      'compacted the journal: these rollouts are long over and cannot be taken back here any more',
    );
    const wanted = new Set([...smaller.blobs, ...hashesIn(next === undefined ? [] : [next])]);
    await storage.keepBlobs(wanted).catch((error: unknown) => log.warn({ why: messageOf(error) }, 'cannot remove what was kept for them'));
  }

  await compact();
  return {
    ledger: () => ledger,
    forgot: (rollout) => checkpoint.forgotten.some((one) => one.rollout === rollout),
    async append(record) {
      if (broken !== undefined) throw new ReberthError('storage-failed', `cannot write the journal: an earlier write failed: ${broken}`);
      if (record.is === 'intent' && ![...ledger.values()].some(({ rollout }) => rollout === record.rollout)) await compact(record);
      const framed = frame(link, record);
      try {
        await storage.append(framed.line);
      } catch (cause) {
        throw failed(cause);
      }
      link = framed.link;
      length += Buffer.byteLength(framed.line);
      ledger = entered(ledger, record);
    },
    async keep(change) {
      if (length > limits.bytesMax)
        throw new ReberthError(
          'storage-failed',
          `cannot begin another step: the journal of this host holds ${length} bytes, ${limits.bytesMax} are allowed, and nothing more in it is over`,
        );
      return keep(storage, change);
    },
    restore: (kept) => restore(storage, kept),
  };
}

/** Words for a write that failed and left the journal as it was: nothing of the record is on the disk. Any other failure goes on as it is. */
export async function whyUnwritten(writing: Promise<unknown>): Promise<string | undefined> {
  try {
    await writing;
    return undefined;
  } catch (error) {
    if (error instanceof ReberthError && error.cause instanceof NothingWritten) return error.message;
    throw error;
  }
}

function opening(bodies: readonly object[]): { readonly checkpoint: Checkpoint; readonly bodies: readonly object[] } {
  const checkpoint = v.safeParse(CheckpointSchema, bodies[0]);
  return checkpoint.success ? { checkpoint: checkpoint.output, bodies: bodies.slice(1) } : { checkpoint: noCheckpoint, bodies };
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
