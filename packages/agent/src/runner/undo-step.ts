/**
 * Takes one step back by what the journal kept of it. A step that was never begun here is undone by writing that down, so that an ask that
 * was overtaken cannot do it later. A foreign edit is refused and left alone.
 */
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { whyUnwritten } from '../journal/journal.ts';
import { type Entry, keyOf } from '../journal/ledger.ts';
import { recall } from './recall.ts';
import { repeatOf } from './repeats.ts';
import { takeBack } from './take-back.ts';
import { commonOf, type Deed, ended, reportOf, type Work } from './work.ts';

export async function undoStep(work: Work, ask: Ask): Promise<Report> {
  const entry = work.journal.ledger().get(keyOf(ask.rollout, ask.step));
  const deed: Deed = { ...ask, title: entry?.title || ask.kind, startedAtMs: work.host.nowMs() };
  const repeat = repeatOf(entry, ask);
  if (repeat.is === 'answered') return repeat.report;
  if (repeat.is === 'refused') return reportOf(work, deed, { outcome: 'refused', left: 'between', why: repeat.why });
  if (entry?.change === undefined)
    return ended(work, deed, {
      outcome: 'undone',
      left: 'before',
      why: entry === undefined ? 'nothing was done here' : 'it was so already; nothing was changed here',
    });

  return undoKept(work, deed, entry);
}

/** `words`: why it is taken back, where that is not plain from the deed. */
export async function undoKept(work: Work, deed: Deed, entry: Entry, words = ''): Promise<Report> {
  const known = await recall(work, entry);
  if (!known.ok) return reportOf(work, deed, { outcome: 'refused', left: 'between', why: known.why });
  let begun = entry.standing === 'undo-failed' || entry.standing === 'undoing';
  const begin = async (): Promise<void> => {
    await work.journal.append({ is: 'undo-intent', ...commonOf(deed, work.host.nowMs()) });
    begun = true;
  };
  const taking = takeBack(work, known.bound, known.change, begin);
  // Nothing was touched: there is no room to write down that it is taken back.
  const unwritten = await whyUnwritten(taking);
  if (unwritten !== undefined) return reportOf(work, deed, { outcome: 'refused', left: 'between', why: unwritten });
  const taken = await taking;
  if (taken.ok) return ended(work, deed, { outcome: 'undone', left: taken.left, why: [words, taken.why].filter((text) => text !== '').join('; ') });
  // Nothing was touched: a later ask finds the step as it is now.
  if (!begun) return reportOf(work, deed, { outcome: 'refused', left: taken.left, why: taken.why });
  return ended(work, deed, { outcome: 'failed', left: taken.left, why: taken.why });
}
