/**
 * The journal of decisions as files: one per rollout under `<folder>/rollouts`, one framed record per event, synced before `append`
 * resolves. A torn last line was never acknowledged and is cut off; any other damage is refused by name and never shortened away.
 */
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Disk, realDisk } from '@reberth/daemon/disk.ts';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import { type RolloutId, rolloutId } from '@reberth/protocol/ids.ts';
import { CHAIN_START, frame, unframe } from '@reberth/protocol/record.ts';
import { archiveEnded, ROLLOUTS_KEPT } from './archive.ts';
import { syncFolder } from './folder.ts';
import type { Store } from './store.ts';

interface Journal {
  readonly handle: FileHandle;
  link: string;
  seq: number;
}

const SUFFIX = '.journal';

export interface FileStoreOptions {
  readonly disk?: Disk;
  /** More than these, and the oldest that have ended are moved into `archive/`. */
  readonly rolloutsKept?: number;
}

export async function fileStore(folder: string, { disk = realDisk, rolloutsKept = ROLLOUTS_KEPT }: FileStoreOptions = {}): Promise<Store> {
  const rollouts = join(folder, 'rollouts');
  const names = async (): Promise<readonly string[]> => (await disk.readdir(rollouts)).filter((name) => name.endsWith(SUFFIX)).sort();
  try {
    await disk.mkdir(rollouts, { recursive: true, mode: 0o700 });
    await syncFolder(folder, disk);
    await archiveEnded(rollouts, join(folder, 'archive'), await names(), rolloutsKept, disk);
  } catch (cause) {
    throw new ReberthError('storage-failed', `cannot use ${folder}: ${messageOf(cause)}`, { cause });
  }
  const journals = new Map<RolloutId, Journal>();
  const pathOf = (rollout: RolloutId): string => join(rollouts, `${rollout}${SUFFIX}`);

  return {
    rollouts: async () => (await names()).map((name) => rolloutId(name.slice(0, -SUFFIX.length))),
    async read(rollout) {
      return (await readRecords(pathOf(rollout), disk)).bodies as readonly RolloutEvent[];
    },
    async append(event) {
      const journal = journals.get(event.rollout) ?? (await openJournal(pathOf(event.rollout), disk));
      journals.set(event.rollout, journal);
      if (event.seq !== journal.seq + 1)
        throw new ReberthError('internal', `cannot store event ${event.seq} of ${event.rollout}: the next is ${journal.seq + 1}`);
      const { line, link } = frame(journal.link, event);
      try {
        await journal.handle.appendFile(line);
        await journal.handle.datasync();
      } catch (error) {
        // What reached the disk is not known: the journal is read again before the next record.
        journals.delete(event.rollout);
        await journal.handle.close().catch(() => undefined);
        throw new ReberthError('storage-failed', `cannot write ${pathOf(event.rollout)}: ${messageOf(error)}`, { cause: error });
      }
      journal.link = link;
      journal.seq = event.seq;
    },
    takeEpoch: () => takeEpoch(join(folder, 'epoch'), disk),
    async close() {
      await Promise.all([...journals.values()].map(({ handle }) => handle.close()));
      journals.clear();
    },
  };
}

async function openJournal(path: string, disk: Disk): Promise<Journal> {
  const { bodies, link, length, tornTail } = await readRecords(path, disk);
  try {
    const handle = await disk.open(path, 'a', 0o600);
    if (tornTail > 0) await handle.truncate(length);
    await handle.sync();
    await syncFolder(dirname(path), disk);
    return { handle, link, seq: bodies.length };
  } catch (cause) {
    throw new ReberthError('storage-failed', `cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}

async function readRecords(
  path: string,
  disk: Disk,
): Promise<{ readonly bodies: readonly unknown[]; readonly link: string; readonly length: number; readonly tornTail: number }> {
  const content = await disk.readFile(path).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? undefined : Promise.reject(error)));
  if (content === undefined) return { bodies: [], link: CHAIN_START, length: 0, tornTail: 0 };
  const records = unframe(content);
  if (!records.ok) throw new ReberthError('journal-damaged', `cannot read ${path}: line ${records.line}: ${records.why}`);
  return records;
}

async function takeEpoch(path: string, disk: Disk): Promise<number> {
  const text = await disk.readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? '0' : Promise.reject(error)));
  const last = Number(text.trim());
  if (!Number.isSafeInteger(last) || last < 0)
    throw new ReberthError('journal-damaged', `cannot read ${path}: ${JSON.stringify(text.trim())} is no epoch`);
  const next = last + 1;
  try {
    await replaceFile(path, `${next}\n`, disk);
  } catch (cause) {
    throw new ReberthError('storage-failed', `cannot take a new epoch: cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
  return next;
}

async function replaceFile(path: string, text: string, disk: Disk): Promise<void> {
  const temporary = `${path}.new`;
  const handle = await disk.open(temporary, 'w', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await disk.rename(temporary, path);
  await syncFolder(dirname(path), disk);
}
