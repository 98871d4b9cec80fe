/**
 * Turns single verdicts into the one that counts: a gate passes when it has passed for `holdForMs` without a break, and gives up when that
 * has not happened `giveUpAfterMs` after it was opened, or at once when it can only fail. Pure.
 */
import type { Verdict } from '@reberth/protocol/event.ts';
import type { GateUse } from '@reberth/protocol/plan.ts';

export interface GateWindow {
  readonly passedSinceMs: number | undefined;
}

export const emptyWindow: GateWindow = { passedSinceMs: undefined };

export interface Weighed {
  readonly window: GateWindow;
  readonly verdict: Verdict;
  readonly gaveUp: boolean;
}

export function weigh(
  window: GateWindow,
  verdict: Verdict,
  use: Pick<GateUse, 'holdForMs' | 'giveUpAfterMs'>,
  openedAtMs: number,
  nowMs: number,
): Weighed {
  if (verdict.is === 'fail') return { window: emptyWindow, verdict, gaveUp: true };
  if (verdict.is === 'skip') return { window, verdict, gaveUp: false };
  const late = nowMs - openedAtMs >= use.giveUpAfterMs;
  if (verdict.is === 'wait') return { window: emptyWindow, verdict, gaveUp: late };
  const passedSinceMs = window.passedSinceMs ?? nowMs;
  const heldMs = nowMs - passedSinceMs;
  if (heldMs >= use.holdForMs) return { window: { passedSinceMs }, verdict, gaveUp: false };
  return { window: { passedSinceMs }, verdict: { is: 'wait', why: `well for ${seconds(heldMs)} of ${seconds(use.holdForMs)}` }, gaveUp: late };
}

const seconds = (ms: number): string => `${Math.round(ms / 1000)} s`;
