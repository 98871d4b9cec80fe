/**
 * What may be left out of a journal that grows: rollouts that are over on this host, oldest first, never the latest, and never one with a step
 * that is open, armed, or left behind something that nobody has settled. A checkpoint in the first record names them, so that an ask for one of
 * them is refused and not taken for new. Pure.
 */
import { CHAIN_START, frame } from '@reberth/protocol/record.ts';
import * as v from 'valibot';
import { type Entry, isArmed, type Ledger } from './ledger.ts';

export interface Limits {
  /** Rollouts whose steps are kept, so that they can be shown and taken back. */
  readonly rolloutsKept: number;
  /** Above this, fewer rollouts are kept. */
  readonly compactAtBytes: number;
  /** Above this, nothing new is begun: reading it at every start would take too long. */
  readonly bytesMax: number;
}

/** A rollout leaves some 30 kB on a master: twenty of them are far below the second limit. */
export const LIMITS: Limits = { rolloutsKept: 20, compactAtBytes: 8 * 1024 * 1024, bytesMax: 32 * 1024 * 1024 };

export const CheckpointSchema = v.object({
  is: v.literal('checkpoint'),
  forgotten: v.array(v.object({ rollout: v.string(), steps: v.number(), standings: v.record(v.string(), v.number()), lastAtMs: v.number() })),
});
export type Checkpoint = Readonly<v.InferOutput<typeof CheckpointSchema>>;
type Forgotten = Checkpoint['forgotten'][number];

export const noCheckpoint: Checkpoint = { is: 'checkpoint', forgotten: [] };

export interface Compacted {
  readonly content: Buffer;
  readonly checkpoint: Checkpoint;
  readonly link: string;
  /** Every hash that what is kept speaks of. */
  readonly blobs: ReadonlySet<string>;
  /** Of these rollouts nothing but the name is kept from now on. */
  readonly forgotten: readonly string[];
}

/** `records` are all of the journal but its checkpoint. `undefined`: nothing is to be left out. */
export function compacted(records: readonly object[], checkpoint: Checkpoint, ledger: Ledger, limits: Limits): Compacted | undefined {
  const forgotten = new Set(toForget(records, ledger, limits));
  if (forgotten.size === 0) return undefined;
  const kept = records.filter((record) => !forgotten.has(rolloutOf(record)));
  const next: Checkpoint = { is: 'checkpoint', forgotten: [...checkpoint.forgotten, ...[...forgotten].map((rollout) => summary(rollout, ledger))] };
  let link = CHAIN_START;
  const lines = [next, ...kept].map((record) => {
    const framed = frame(link, record);
    link = framed.link;
    return framed.line;
  });
  return { content: Buffer.from(lines.join('')), checkpoint: next, link, blobs: hashesIn(kept), forgotten: [...forgotten] };
}

function toForget(records: readonly object[], ledger: Ledger, limits: Limits): readonly string[] {
  const bytes = new Map<string, number>();
  for (const record of records) {
    const rollout = rolloutOf(record);
    const before = bytes.get(rollout) ?? 0;
    // Deleted first: the order is that of the last record of each.
    bytes.delete(rollout);
    bytes.set(rollout, before + JSON.stringify(record).length);
  }
  let count = bytes.size;
  let size = [...bytes.values()].reduce((sum, one) => sum + one, 0);
  const chosen: string[] = [];
  for (const rollout of [...bytes.keys()].slice(0, -1)) {
    if (count <= limits.rolloutsKept && size <= limits.compactAtBytes) break;
    if (!isOver(rollout, ledger)) continue;
    chosen.push(rollout);
    count -= 1;
    size -= bytes.get(rollout) ?? 0;
  }
  return chosen;
}

const isOver = (rollout: string, ledger: Ledger): boolean => entriesOf(rollout, ledger).every(isSettled);

function isSettled(entry: Entry): boolean {
  if (isArmed(entry)) return false;
  switch (entry.standing) {
    case 'done':
    case 'noop':
    case 'undone':
      return true;
    case 'failed':
      return entry.doReport?.left === 'before';
    case 'doing':
    case 'undoing':
    case 'undo-failed':
      return false;
    default:
      return entry.standing satisfies never;
  }
}

function summary(rollout: string, ledger: Ledger): Forgotten {
  const entries = entriesOf(rollout, ledger);
  const standings: Record<string, number> = {};
  for (const { standing } of entries) standings[standing] = (standings[standing] ?? 0) + 1;
  return { rollout, steps: entries.length, standings, lastAtMs: Math.max(0, ...entries.map(({ atMs }) => atMs)) };
}

const entriesOf = (rollout: string, ledger: Ledger): readonly Entry[] => [...ledger.values()].filter((entry) => entry.rollout === rollout);

const rolloutOf = (record: object): string => ('rollout' in record ? String(record.rollout) : '');

/** All of them, wherever they stand in a record: one too many costs a file, one too few the way back. */
export const hashesIn = (records: readonly object[]): ReadonlySet<string> =>
  new Set(records.flatMap((record) => JSON.stringify(record).match(/\b[0-9a-f]{64}\b/g) ?? []));
