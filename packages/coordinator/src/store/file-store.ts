/**
 * The journal of decisions as files: one per rollout under `<folder>/rollouts`, one framed record per event, synced before `append`
 * resolves. A torn last line was never acknowledged and is cut off; any other damage is refused by name and never shortened away.
 */
import { type FileHandle, mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import { type RolloutId, rolloutId } from '@reberth/protocol/ids.ts';
import { CHAIN_START, frame, unframe } from '@reberth/protocol/record.ts';
import type { Store } from './store.ts';

interface Journal {
  readonly handle: FileHandle;
  link: string;
  seq: number;
}

const SUFFIX = '.journal';

export async function fileStore(folder: string): Promise<Store> {
  const rollouts = join(folder, 'rollouts');
  await mkdir(rollouts, { recursive: true, mode: 0o700 });
  await syncFolder(folder);
  const journals = new Map<RolloutId, Journal>();
  const pathOf = (rollout: RolloutId): string => join(rollouts, `${rollout}${SUFFIX}`);

  return {
    async rollouts() {
      const names = await readdir(rollouts);
      return names
        .filter((name) => name.endsWith(SUFFIX))
        .map((name) => rolloutId(name.slice(0, -SUFFIX.length)))
        .sort();
    },
    async read(rollout) {
      return (await readRecords(pathOf(rollout))).bodies as readonly RolloutEvent[];
    },
    async append(event) {
      const journal = journals.get(event.rollout) ?? (await openJournal(pathOf(event.rollout)));
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
    takeEpoch: () => takeEpoch(join(folder, 'epoch')),
    async close() {
      await Promise.all([...journals.values()].map(({ handle }) => handle.close()));
      journals.clear();
    },
  };
}

async function openJournal(path: string): Promise<Journal> {
  const { bodies, link, length, tornTail } = await readRecords(path);
  const handle = await open(path, 'a', 0o600);
  if (tornTail > 0) await handle.truncate(length);
  await handle.datasync();
  await syncFolder(dirname(path));
  return { handle, link, seq: bodies.length };
}

async function readRecords(
  path: string,
): Promise<{ readonly bodies: readonly unknown[]; readonly link: string; readonly length: number; readonly tornTail: number }> {
  const content = await readFile(path).catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? undefined : Promise.reject(error)));
  if (content === undefined) return { bodies: [], link: CHAIN_START, length: 0, tornTail: 0 };
  const records = unframe(content);
  if (!records.ok) throw new ReberthError('journal-damaged', `cannot read ${path}: line ${records.line}: ${records.why}`);
  return records;
}

async function takeEpoch(path: string): Promise<number> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? '0' : Promise.reject(error)));
  const last = Number(text.trim());
  if (!Number.isSafeInteger(last) || last < 0)
    throw new ReberthError('journal-damaged', `cannot read ${path}: ${JSON.stringify(text.trim())} is no epoch`);
  const next = last + 1;
  const temporary = `${path}.new`;
  await writeFile(temporary, `${next}\n`, { mode: 0o600, flush: true });
  await rename(temporary, path);
  await syncFolder(dirname(path));
  return next;
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
