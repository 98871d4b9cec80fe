/**
 * Whether an ask may be performed, decided from the ask, what was accepted before and the time. Pure. The signature has been verified before:
 * this is about whether a genuine ask is for us, current, and not an old one played again.
 */
import type { Ask } from '@reberth/protocol/ask.ts';
import type { HostId } from '@reberth/protocol/ids.ts';

/** The highest epoch accepted, and the highest counter within it. */
export interface Mark {
  readonly epoch: number;
  readonly counter: number;
}

export interface Standing {
  readonly host: HostId;
  readonly mark: Mark;
  /** This rollout, step and operation was performed or begun here: the journal answers. */
  readonly known: boolean;
  /** The ask was kept by the broker and fetched now, not heard live. */
  readonly fetched: boolean;
}

/** `tell`: the asker gets a report. Otherwise it is logged only, because nobody waits for the answer or a report would answer for something else. */
export type Verdict = { readonly verdict: 'accept' | 'repeat' } | { readonly verdict: 'refuse'; readonly why: string; readonly tell: boolean };

export function admit(ask: Ask, standing: Standing, nowMs: number): Verdict {
  const { host, mark, known, fetched } = standing;
  if (ask.host !== host) return refuse(`it is for ${ask.host}, and this is ${host}`, false);
  // In silence: the newer coordinator may await an answer to the same attempt, and would take this one for it.
  if (ask.epoch < mark.epoch) return refuse(`it is from coordination epoch ${ask.epoch}, and epoch ${mark.epoch} has taken over`, false);
  if (known && ask.epoch === mark.epoch && ask.counter <= mark.counter) return { verdict: 'repeat' };
  // One that was kept while we were away is renewed by whoever still wants it. One that arrives expired tells of a wrong clock.
  if (ask.expiresAtMs <= nowMs) return refuse(`it expired ${Math.round(nowMs - ask.expiresAtMs)} ms ago by this host's clock`, !fetched);
  // Overtaken on its way, or played again, perhaps after it was refused: begun by a copy, it would be done while the asker believes that it is
  // not. Whoever still wants it asks again with a higher counter, so a refusal would only mislead.
  if (ask.epoch === mark.epoch && ask.counter <= mark.counter)
    return refuse(`its counter ${ask.counter} is not higher than ${mark.counter}, which was accepted before`, false);
  return { verdict: 'accept' };
}

export const isAhead = (ask: Mark, mark: Mark): boolean => ask.epoch > mark.epoch || (ask.epoch === mark.epoch && ask.counter > mark.counter);

const refuse = (why: string, tell: boolean): Verdict => ({ verdict: 'refuse', why, tell });
