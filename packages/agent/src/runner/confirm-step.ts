/**
 * Says of a step that could have cut this host off that it stays: whoever asks has seen the new path work. The journal decides between this
 * and the deadline: what was taken back, or is being taken back, cannot be confirmed any more. Safe to ask twice.
 */
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { type Entry, isArmed, keyOf } from '../journal/ledger.ts';
import { commonOf, type Deed, type Result, reportOf, type Work } from './work.ts';

export async function confirmStep(work: Work, ask: Ask): Promise<Report> {
  const entry = work.journal.ledger().get(keyOf(ask.rollout, ask.step));
  const deed: Deed = { ...ask, title: entry?.title ?? ask.kind, startedAtMs: work.host.nowMs() };
  if (entry === undefined) return reportOf(work, deed, { outcome: 'failed', left: 'before', why: 'nothing was done here' });
  if (entry.planDigest !== ask.planDigest)
    return reportOf(work, deed, { outcome: 'refused', left: 'between', why: 'the journal has this step under another plan' });
  if (ask.attempt < entry.doAttempt)
    return reportOf(work, deed, { outcome: 'refused', left: 'after', why: 'this step was done anew since; an earlier ask cannot confirm it' });
  if (entry.standing !== 'done' && entry.standing !== 'noop') return reportOf(work, deed, tooLate(entry));
  if (entry.confirmReport !== undefined) return { ...entry.confirmReport, attempt: ask.attempt };
  const report = reportOf(work, deed, { outcome: 'confirmed', left: 'after', why: '' });
  if (isArmed(entry)) await work.journal.append({ is: 'confirmed', ...commonOf(deed, report.endedAtMs), report });
  return report;
}

function tooLate({ standing, doReport, undoReport }: Entry): Result {
  if (standing === 'undone') return { outcome: 'failed', left: 'before', why: 'it was taken back here before it was confirmed' };
  if (standing === 'failed') return { outcome: 'failed', left: doReport?.left ?? 'between', why: 'it failed here, so there is nothing to confirm' };
  return { outcome: 'failed', left: undoReport?.left ?? 'between', why: 'it is being taken back here, and was not confirmed before' };
}
