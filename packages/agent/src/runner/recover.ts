/**
 * Drives what was begun before a crash to an end, newest first. A step that is after and verifies is done; every other is taken back to
 * before and has failed; a taking back goes on. The result is journaled as the answer to the ask, which comes again. Then what was not
 * confirmed in time is taken back.
 *
 * A taking back is journaled before it begins: half gone, it may look like after, and the next recovery must not believe that.
 */
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Change, Check } from '../actions/action.ts';
import { type Entry, isOpen } from '../journal/ledger.ts';
import type { Bound } from './bound.ts';
import { alignTimers, takeBackOverdue } from './overdue.ts';
import { recall } from './recall.ts';
import { takeBack } from './take-back.ts';
import { commonOf, type Deed, ended, type Result, standingOf, type Work } from './work.ts';

export async function recoverAll(work: Work): Promise<void> {
  const open = [...work.journal.ledger().values()].filter(isOpen).toReversed();
  for (const entry of open) await recoverOne(work, entry);
  await takeBackOverdue(work);
  await alignTimers(work);
}

async function recoverOne(work: Work, entry: Entry): Promise<void> {
  const { rollout, step, standing } = entry;
  const known = await recall(work, entry);
  if (!known.ok) {
    // Left open and shown as such: an agent that knows the kind, or a repaired disk, can still end it.
    work.log.error({ rollout, step, why: known.why }, 'cannot bring a begun step to an end');
    return;
  }
  const operation = standing === 'doing' || isTakingBackDo(entry) ? 'do' : 'undo';
  const deed: Deed = { ...entry, operation, attempt: operation === 'do' ? entry.doAttempt : entry.undoAttempt, startedAtMs: entry.atMs };
  const begin = (): Promise<void> => work.journal.append({ is: 'undo-intent', ...commonOf(deed, work.host.nowMs()) });
  const { bound, change } = known;
  const result =
    standing === 'doing'
      ? await endDoing(work, bound, change, begin)
      : operation === 'do'
        ? await endTakingBack(work, bound, change, 'interrupted', begin)
        : await endUndoing(work, bound, change);
  await tidy(work, bound);
  await ended(work, deed, result);
  work.log.warn(
    { rollout, step, operation, outcome: result.outcome, left: result.left, why: result.why },
    'a step that was interrupted was brought to an end',
  );
}

/** Begun by an earlier recovery and not by an ask: the do has not been answered yet. */
const isTakingBackDo = ({ standing, doReport, doAttempt, undoAttempt }: Entry): boolean =>
  standing === 'undoing' && doReport === undefined && undoAttempt === doAttempt;

async function endDoing(work: Work, bound: Bound, change: Change, begin: () => Promise<void>): Promise<Result> {
  const stands = await standingOf(work, bound, change);
  let why = stands.why || 'interrupted';
  if (stands.left === 'after') {
    const check = await verified(work, bound, change);
    if (check.ok) return { outcome: 'done', left: 'after', why: 'interrupted and found done', outputs: check.outputs ?? {} };
    why = `interrupted; ${check.why}`;
  }
  return endTakingBack(work, bound, change, why, begin);
}

/** Of a do that was interrupted: it has failed, and where it left the host is what the taking back came to. */
async function endTakingBack(work: Work, bound: Bound, change: Change, why: string, begin: () => Promise<void>): Promise<Result> {
  const taken = await takeBack(work, bound, change, begin);
  return { outcome: 'failed', left: taken.left, why: taken.why === '' ? `${why}; taken back` : `${why}; ${taken.why}` };
}

async function endUndoing(work: Work, bound: Bound, change: Change): Promise<Result> {
  const taken = await takeBack(work, bound, change, async () => undefined);
  return { outcome: taken.ok ? 'undone' : 'failed', left: taken.left, why: taken.why };
}

/** What a write that was cut in two left beside a file: it may be a key. */
async function tidy({ host, log }: Work, { touches }: Bound): Promise<void> {
  for (const touched of touches) {
    if (!touched.startsWith('file:')) continue;
    const path = touched.slice('file:'.length);
    await host.tidy?.(path).catch((error: unknown) => log.warn({ path, why: messageOf(error) }, 'cannot tidy up beside a file'));
  }
}

async function verified(work: Work, bound: Bound, change: Change): Promise<Check> {
  try {
    return await bound.verify(work.host, change);
  } catch (error) {
    return { ok: false, why: messageOf(error) };
  }
}
