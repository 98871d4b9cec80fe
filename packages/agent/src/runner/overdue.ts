/**
 * Steps that wait for their confirmation. What was not confirmed in time is taken back by this host itself, newest first, and journaled like
 * any other taking back; the ask for it that comes later is answered from the journal. The host's timers follow the journal, never the
 * other way round.
 */
import type { Report } from '@reberth/protocol/ask.ts';
import { messageOf } from '@reberth/protocol/errors.ts';
import { leftMs, tokenOf } from '../deadline/deadlines.ts';
import { type Entry, isArmed, keyOf } from '../journal/ledger.ts';
import { undoKept } from './undo-step.ts';
import type { Deed, Work } from './work.ts';

/** What could not be taken back in time is looked at again, should the agent not live to do it. */
const LOOK_AGAIN_MS = 60_000;

export async function takeBackOverdue(work: Work): Promise<readonly Report[]> {
  const armed = armedEntries(work);
  if (armed.length === 0) return [];
  const now = await work.deadlines.now();
  const reports: Report[] = [];
  for (const entry of armed.toReversed()) {
    if (entry.deadline === undefined || leftMs(entry.deadline, now) > 0) continue;
    reports.push(await takeBackOne(work, entry, entry.deadline.withinMs));
  }
  return reports;
}

async function takeBackOne(work: Work, entry: Entry, withinMs: number): Promise<Report> {
  // The number of the coordinator's last ask, so that its next one is never taken for an older.
  const deed: Deed = { ...entry, operation: 'undo', attempt: entry.undoAttempt, startedAtMs: work.host.nowMs() };
  const { rollout, step } = entry;
  work.log.warn({ rollout, step, withinMs }, 'not confirmed in time: taking it back');
  const report = await undoKept(work, deed, entry, `not confirmed within ${withinMs / 1000} s: this host took it back by itself`);
  work.log.warn({ rollout, step, outcome: report.outcome, left: report.left, why: report.why }, 'not confirmed in time');
  await letGo(work, entry);
  return report;
}

/** Stops the timer of a step that waits no more. One that cannot be stopped rings for nothing. */
export async function letGo(work: Work, { rollout, step }: Pick<Entry, 'rollout' | 'step'>): Promise<void> {
  const entry = work.journal.ledger().get(keyOf(rollout, step));
  if (entry?.deadline === undefined || isArmed(entry)) return;
  await work.deadlines.disarm(tokenOf(entry)).catch((error: unknown) => {
    work.log.warn({ rollout, step, why: messageOf(error) }, 'a timer that nobody needs is left');
  });
}

/** At start: the timers are made to be what the journal says. */
export async function alignTimers(work: Work): Promise<void> {
  try {
    const now = await work.deadlines.now();
    const wanted = new Map(armedEntries(work).map((entry) => [tokenOf(entry), entry.deadline === undefined ? 0 : leftMs(entry.deadline, now)]));
    const there = await work.deadlines.armed();
    for (const token of there) if (!wanted.has(token)) await work.deadlines.disarm(token);
    for (const [token, left] of wanted) if (!there.includes(token)) await work.deadlines.arm(token, left === 0 ? LOOK_AGAIN_MS : left);
  } catch (error) {
    // The agent's own eye and the next start are left.
    work.log.error({ why: messageOf(error) }, 'cannot set the timers of deadlines');
  }
}

const armedEntries = ({ journal }: Work): readonly Entry[] => [...journal.ledger().values()].filter(isArmed);
