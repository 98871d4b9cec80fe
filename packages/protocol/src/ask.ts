/**
 * What the coordinator may ask a host to change, and what the host answers. An ask is wanted until answered; a host answers a
 * repeated ask from its journal and does nothing twice. Four honest outcomes and a refusal; `unknown` is for the asker to use
 * when nobody answered, a host never says it.
 */
import * as v from 'valibot';
import type { Digest, HostId, RolloutId, StepId } from './ids.ts';
import type { FileExpectation } from './plan.ts';

/** confirm: the new path was seen to work; without it in time, a host takes a connectivity step back by itself. */
export type Operation = 'do' | 'undo' | 'confirm';

export interface Ask {
  readonly rollout: RolloutId;
  readonly step: StepId;
  readonly operation: Operation;
  readonly attempt: number;
  readonly planDigest: Digest;
  readonly host: HostId;
  /** Grows with every take-over of coordination; a host refuses lower ones. */
  readonly epoch: number;
  /** Grows with every ask within an epoch; a host refuses a lower one that it has not seen. */
  readonly counter: number;
  /** Unix time in milliseconds after which the ask is void. */
  readonly expiresAtMs: number;
  readonly kind: string;
  readonly version: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly expect: readonly FileExpectation[];
  /** After this long without a confirmation the host takes the step back by itself. 0: no confirmation is wanted. */
  readonly confirmWithinMs: number;
  /** Values made by earlier steps (a signed certificate), by name. Not part of the plan's digest. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** done: changed and verified. noop: was so already. undone: put back and verified. confirmed: it stays. refused: nothing touched. failed: tried, not verified; `left` says in which state. */
export const ReportSchema = v.object({
  rollout: v.string(),
  step: v.string(),
  operation: v.picklist(['do', 'undo', 'confirm']),
  attempt: v.number(),
  host: v.string(),
  outcome: v.picklist(['done', 'noop', 'undone', 'confirmed', 'refused', 'failed']),
  /** Where a failed step left the host. `between` needs an undo or a look. */
  left: v.picklist(['before', 'after', 'between', 'foreign']),
  why: v.string(),
  startedAtMs: v.number(),
  endedAtMs: v.number(),
  /** Products other steps need, e.g. `csr` in PEM. Never secrets. */
  outputs: v.record(v.string(), v.string()),
});
type Raw = v.InferOutput<typeof ReportSchema>;
export type Report = Readonly<Omit<Raw, 'rollout' | 'step' | 'host'> & { rollout: RolloutId; step: StepId; host: HostId }>;
