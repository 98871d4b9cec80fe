/** What a standby makes of a lease that it has just looked at. Pure: revisions and its own clock in, a verdict out. */
import type { Lease } from './lease.ts';

/** A revision, and when this standby first saw it. */
export interface Watched {
  readonly revision: number;
  readonly sinceMs: number;
}

export interface LeaseVerdict {
  readonly watched: Watched;
  /** The lease may be replaced over `watched.revision`. */
  readonly take: boolean;
}

export function judgeLease(
  before: Watched | undefined,
  seen: { readonly lease: Lease; readonly revision: number } | undefined,
  nowMs: number,
  expireMs: number,
): LeaseVerdict {
  const revision = seen?.revision ?? 0;
  const watched = before?.revision === revision ? before : { revision, sinceMs: nowMs };
  const free = seen === undefined || seen.lease.released;
  return { watched, take: free || nowMs - watched.sinceMs >= expireMs };
}
