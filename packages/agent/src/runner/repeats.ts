/**
 * What the journal already says to an ask. Pure. A step that was done is not done again, one that was undone is not done again by an ask
 * that came late, and a failure is tried again only by a new attempt.
 */
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import type { Entry } from '../journal/ledger.ts';

export type Repeat =
  | { readonly is: 'new' }
  /** Failed earlier and wanted again: look first where the host stands. */
  | { readonly is: 'again' }
  | { readonly is: 'answered'; readonly report: Report }
  | { readonly is: 'refused'; readonly why: string };

export function repeatOf(entry: Entry | undefined, ask: Ask): Repeat {
  if (entry === undefined) return { is: 'new' };
  if (entry.planDigest !== ask.planDigest)
    return { is: 'refused', why: `the journal has this step under another plan: ${entry.planDigest}, asked for ${ask.planDigest}` };
  return ask.operation === 'do' ? repeatOfDo(entry, ask) : repeatOfUndo(entry, ask);
}

function repeatOfDo(entry: Entry, ask: Ask): Repeat {
  switch (entry.standing) {
    case 'done':
    case 'noop':
      return answered(entry.doReport, ask);
    case 'failed':
      return ask.attempt > entry.doAttempt ? { is: 'again' } : answered(entry.doReport, ask);
    case 'undone':
      // What the undo overtook is void, whether it was ever begun here or not.
      return ask.attempt > Math.max(entry.doAttempt, entry.undoAttempt)
        ? { is: 'new' }
        : { is: 'refused', why: 'this step was undone; an earlier ask cannot do it again' };
    case 'undo-failed':
      return { is: 'refused', why: 'taking this step back failed earlier; undo it first' };
    case 'doing':
    case 'undoing':
      return { is: 'refused', why: 'this step was begun and has not ended; start the agent again' };
    default:
      return entry.standing satisfies never;
  }
}

function repeatOfUndo(entry: Entry, ask: Ask): Repeat {
  if (entry.standing !== 'undone' && ask.attempt < entry.doAttempt)
    return { is: 'refused', why: 'this step was done anew since; an earlier ask cannot undo it' };
  switch (entry.standing) {
    case 'undone':
      return answered(entry.undoReport, ask);
    case 'undo-failed':
      return ask.attempt > entry.undoAttempt ? { is: 'new' } : answered(entry.undoReport, ask);
    case 'done':
    case 'noop':
    case 'failed':
    case 'doing':
    case 'undoing':
      return { is: 'new' };
    default:
      return entry.standing satisfies never;
  }
}

/** The words of then, for the attempt of now. */
const answered = (report: Report | undefined, { attempt }: Ask): Repeat =>
  report === undefined ? { is: 'new' } : { is: 'answered', report: { ...report, attempt } };
