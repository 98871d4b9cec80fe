/**
 * From a gate's verdicts over time to its end. It passes when every verdict of the last `holdForMs` was a pass; a skip ends it at once, and
 * so does a fail, because waiting does not mend what failed; after `giveUpAfterMs` it is given up. Pure; the words of an open gate stay
 * the same from sample to sample while nothing happens, so that a change of verdict is news.
 */
import type { Verdict } from '@reberth/protocol/event.ts';
import type { GateUse } from '@reberth/protocol/plan.ts';
import { pass, wait } from './gate.ts';

export interface Judged {
  readonly atMs: number;
  readonly verdict: Verdict;
}

export type Held =
  /** Go on asking. */
  | { readonly is: 'open'; readonly verdict: Verdict }
  | { readonly is: 'passed'; readonly verdict: Verdict }
  | { readonly is: 'gave-up'; readonly verdict: Verdict; readonly why: string };

/** `verdicts` are oldest first, one for each sample since the gate was opened. */
export function judgeHeld(use: Pick<GateUse, 'holdForMs' | 'giveUpAfterMs'>, openedAtMs: number, verdicts: readonly Judged[], nowMs: number): Held {
  const verdict = verdicts.at(-1)?.verdict ?? wait('not asked yet');
  if (verdict.is === 'skip') return { is: 'passed', verdict };
  if (verdict.is === 'fail') return { is: 'gave-up', verdict, why: verdict.why };
  const since = passingSince(verdicts);
  const heldMs = since === undefined ? undefined : (verdicts.at(-1)?.atMs ?? since) - since;
  if (heldMs !== undefined && heldMs >= use.holdForMs) return { is: 'passed', verdict: pass() };
  const why = verdict.is === 'pass' ? `well so far; it has to stay so for ${seconds(use.holdForMs)}` : verdict.why;
  if (nowMs - openedAtMs < use.giveUpAfterMs) return { is: 'open', verdict: wait(why) };
  return { is: 'gave-up', verdict: wait(why), why: `not passed within ${seconds(use.giveUpAfterMs)}: ${why}` };
}

/** When the run of passes began that lasts to the end; measured by samples, never by a silence after the last one. */
function passingSince(verdicts: readonly Judged[]): number | undefined {
  const broken = verdicts.findLastIndex(({ verdict }) => verdict.is !== 'pass');
  return verdicts[broken + 1]?.atMs;
}

const seconds = (ms: number): string => `${ms / 1000} s`;
