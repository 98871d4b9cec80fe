/**
 * What the records of the journal amount to: one entry per step of a rollout, in the order in which steps were last begun. Pure: an entry
 * and a record give the next entry.
 */
import type { Report } from '@reberth/protocol/ask.ts';
import type { Deadline } from '../deadline/deadlines.ts';
import type { JournalRecord, KeptChange } from './records.ts';

export interface Entry {
  readonly rollout: string;
  readonly step: string;
  readonly kind: string;
  readonly version: number;
  readonly planDigest: string;
  readonly title: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** Absent where nothing was ever begun: it was so already, or the undo came first. */
  readonly change: KeptChange | undefined;
  /** Of the change's files those whose content the approved plan could not know. */
  readonly made: readonly string[];
  readonly standing: 'doing' | 'done' | 'noop' | 'failed' | 'undoing' | 'undo-failed' | 'undone';
  /** The highest attempts that were begun or answered; 0 for never. */
  readonly doAttempt: number;
  readonly undoAttempt: number;
  readonly doReport: Report | undefined;
  readonly undoReport: Report | undefined;
  /** When the step is taken back by this host itself, unless it is confirmed before. */
  readonly deadline: Deadline | undefined;
  readonly confirmReport: Report | undefined;
  readonly atMs: number;
}

export type Ledger = ReadonlyMap<string, Entry>;

export const keyOf = (rollout: string, step: string): string => `${rollout} ${step}`;

export const isOpen = ({ standing }: Entry): boolean => standing === 'doing' || standing === 'undoing';

/** Waits for its confirmation: what may have changed this host and was neither confirmed nor taken back. */
export function isArmed({ deadline, confirmReport, standing, doReport }: Entry): boolean {
  if (deadline === undefined || confirmReport !== undefined) return false;
  return standing !== 'undone' && standing !== 'noop' && !(standing === 'failed' && doReport?.left === 'before');
}

/** The ledger with one more record; begun again means moved to the end. */
export function entered(ledger: Ledger, record: JournalRecord): Ledger {
  const key = keyOf(record.rollout, record.step);
  const before = ledger.get(key);
  const next = new Map(ledger);
  if (record.is === 'intent') next.delete(key);
  next.set(key, entryAfter(before, record));
  return next;
}

function entryAfter(before: Entry | undefined, record: JournalRecord): Entry {
  const { rollout, step, kind, version, planDigest, attempt, atMs } = record;
  const entry: Entry = before ?? {
    ...{ rollout, step, kind, version, planDigest, atMs },
    ...{
      title: '',
      params: {},
      change: undefined,
      made: [],
      standing: 'undone',
      doAttempt: 0,
      undoAttempt: 0,
      doReport: undefined,
      undoReport: undefined,
      deadline: undefined,
      confirmReport: undefined,
    },
  };
  switch (record.is) {
    case 'intent':
      return {
        ...entry,
        title: record.title,
        params: record.params,
        change: record.change,
        made: record.made,
        standing: 'doing',
        doAttempt: attempt,
        doReport: undefined,
        undoReport: undefined,
        deadline: record.deadline,
        confirmReport: undefined,
        atMs,
      };
    case 'undo-intent':
      return { ...entry, standing: 'undoing', undoAttempt: attempt, undoReport: undefined, atMs };
    case 'confirmed':
      return { ...entry, confirmReport: record.report as Report };
    case 'ended': {
      const report = record.report as Report;
      const title = entry.title === '' ? record.title : entry.title;
      if (report.operation === 'undo')
        return { ...entry, title, standing: report.outcome === 'undone' ? 'undone' : 'undo-failed', undoAttempt: attempt, undoReport: report, atMs };
      // So already: whatever an earlier attempt kept has been taken back, and this one has nothing to take back.
      if (report.outcome === 'noop')
        return { ...entry, title, change: undefined, made: [], deadline: undefined, standing: 'noop', doAttempt: attempt, doReport: report, atMs };
      return { ...entry, title, standing: report.outcome === 'done' ? 'done' : 'failed', doAttempt: attempt, doReport: report, atMs };
    }
    default:
      return record satisfies never;
  }
}
