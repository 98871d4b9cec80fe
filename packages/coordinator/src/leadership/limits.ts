/**
 * How patient coordinators are with each other, all by a clock that nobody can set. A leader gives up well before anybody else may take over,
 * so two believe that they lead only when one of them was stopped in between; the journal and the hosts refuse that one.
 */
export interface LeaseLimits {
  /** A leader says this often that it is there; a standby looks as often. */
  readonly renewMs: number;
  /** A leader that could not say so for this long leads no more. */
  readonly holdMs: number;
  /** A standby that saw no change for this long takes over. */
  readonly expireMs: number;
}

/** An election among three nats-servers took 5.3 s at the longest; that must not cost a leader its lease. */
export const LEASE_LIMITS: LeaseLimits = { renewMs: 2_000, holdMs: 10_000, expireMs: 15_000 };
