/**
 * Counts of one watched endpoint, the same on every observer. Pure: a tally and what happened give the next tally. A request has failed when a
 * client would have seen it fail; how long the slowest took is told beside. The longest gap runs from one success to the next with a failure between; a gap that is still open counts for as long as it has been seen to last.
 */
import type { Endpoint } from './plan.ts';
import type { Observation } from './query.ts';

export interface Tally {
  readonly probes: number;
  readonly failed: number;
  readonly longestGapMs: number;
  /** The longest that a request took which was answered. */
  readonly slowestMs: number;
  readonly heldBroken: number;
  readonly lastFailure: string | undefined;
  readonly lastSuccessAtMs: number | undefined;
  readonly failedSinceSuccess: boolean;
}

export type Happening =
  | { readonly is: 'answered'; readonly tookMs: number }
  | { readonly is: 'failed'; readonly why: string }
  | { readonly is: 'held-broken'; readonly why: string };

export const newTally: Tally = {
  probes: 0,
  failed: 0,
  longestGapMs: 0,
  slowestMs: 0,
  heldBroken: 0,
  lastFailure: undefined,
  lastSuccessAtMs: undefined,
  failedSinceSuccess: false,
};

export function tallied(tally: Tally, happening: Happening, atMs: number): Tally {
  const gapMs = tally.lastSuccessAtMs === undefined ? 0 : Math.round(atMs - tally.lastSuccessAtMs);
  switch (happening.is) {
    case 'answered': {
      const longestGapMs = tally.failedSinceSuccess ? Math.max(tally.longestGapMs, gapMs) : tally.longestGapMs;
      const slowestMs = Math.max(tally.slowestMs, Math.round(happening.tookMs));
      return { ...tally, probes: tally.probes + 1, longestGapMs, slowestMs, lastSuccessAtMs: atMs, failedSinceSuccess: false };
    }
    case 'failed':
      return {
        ...tally,
        probes: tally.probes + 1,
        failed: tally.failed + 1,
        longestGapMs: Math.max(tally.longestGapMs, gapMs),
        lastFailure: said(happening.why, atMs),
        failedSinceSuccess: true,
      };
    case 'held-broken':
      return { ...tally, heldBroken: tally.heldBroken + 1, lastFailure: said(`held connection: ${happening.why}`, atMs) };
    default:
      return happening satisfies never;
  }
}

export const observationOf = (
  { address, port }: Endpoint,
  { probes, failed, longestGapMs, slowestMs, heldBroken, lastFailure }: Tally,
): Observation => ({
  address,
  port,
  probes,
  failed,
  longestGapMs,
  slowestMs,
  heldBroken,
  ...(lastFailure === undefined ? {} : { lastFailure }),
});

const said = (why: string, atMs: number): string => `${new Date(atMs).toISOString()} ${why}`;
