/**
 * Deadlines of steps that are taken back unless they are confirmed in time. The journal is the truth about them: a deadline is kept with the
 * intent, and whoever opens the journal can tell what is due. This port says how late it is, and has the host wake somebody when it is too
 * late, without the agent. A waking that nobody needs any more is harmless.
 *
 * Time is counted from the start of the host, over sleep, by no clock that can be set. After a start of the host everything is due.
 */
import { sha256 } from '@reberth/protocol/canonical.ts';
import * as v from 'valibot';

export interface Instant {
  /** Another one after every start of the host. */
  readonly boot: string;
  readonly uptimeMs: number;
}

export const DeadlineSchema = v.object({ boot: v.string(), atUptimeMs: v.number(), withinMs: v.number() });
export type Deadline = Readonly<v.InferOutput<typeof DeadlineSchema>>;

/** Two implementations: `host/linux/deadlines.ts` and the one in memory. */
export interface Deadlines {
  now(): Promise<Instant>;
  /** After this time the host looks for what is due, whatever became of the agent. Armed already is fine. */
  arm(token: string, inMs: number): Promise<void>;
  /** Not armed is fine. */
  disarm(token: string): Promise<void>;
  armed(): Promise<readonly string[]>;
}

export const deadlineAfter = ({ boot, uptimeMs }: Instant, withinMs: number): Deadline => ({ boot, atUptimeMs: uptimeMs + withinMs, withinMs });

/** 0: due. */
export const leftMs = ({ boot, atUptimeMs }: Deadline, now: Instant): number => (boot === now.boot ? Math.max(0, atUptimeMs - now.uptimeMs) : 0);

/** Names one doing of one step; fit for the name of a unit. */
export const tokenOf = ({ rollout, step, doAttempt }: { readonly rollout: string; readonly step: string; readonly doAttempt: number }): string =>
  sha256(`${rollout} ${step} ${doAttempt}`).slice(0, 16);
