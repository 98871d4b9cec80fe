/**
 * The agent's own eye on deadlines: looks again and again for what is due and has it taken back, until the signal. Looking often instead of
 * setting a timer, so that nothing is missed while the process or the machine was asleep.
 */
import type { Report } from '@reberth/protocol/ask.ts';

const LOOK_EVERY_MS = 250;
/** What could not be taken back is tried again, and not without a rest. */
const TRY_AGAIN_MS = 5_000;

export interface WatchParts {
  readonly takeBackOverdue: () => Promise<readonly Report[]>;
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** Rejects as `takeBackOverdue` does. */
export async function watchDeadlines({ takeBackOverdue, sleep }: WatchParts, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const reports = await takeBackOverdue();
    await sleep(reports.every(({ outcome }) => outcome === 'undone') ? LOOK_EVERY_MS : TRY_AGAIN_MS, signal);
  }
}
