/**
 * What happened in a rollout. Events are the record: the coordinator's journal holds them in order, state is what `reduce` makes
 * of them, and every view (CLI, report, watch) is drawn from them. An event is stored before anyone acts on it.
 */
import type { Operation, Report } from './ask.ts';
import type { ClusterSnapshot } from './cluster.ts';
import type { Digest, HostId, RolloutId, StageId, StepId } from './ids.ts';
import type { Plan } from './plan.ts';
import type { Observation } from './query.ts';

/** One use of a gate: `<stage>/enter/0`, `<stage>/exit/1`, `<stage>/2/exit/0` (wave 2), `<stage>/2/back/0`. */
export type GateKey = string;

export type Verdict = { readonly is: 'pass' } | { readonly is: 'wait' | 'fail' | 'skip'; readonly why: string };

export type EventBody =
  | {
      readonly type: 'created';
      readonly plan: Plan;
      readonly planDigest: Digest;
      readonly by: string;
      readonly epoch: number;
      readonly holdAfter?: StageId | undefined;
    }
  | { readonly type: 'epoch-taken'; readonly epoch: number }
  | { readonly type: 'gate-opened'; readonly gate: GateKey }
  /** Written when a verdict changes, not for every sample. */
  | { readonly type: 'gate-judged'; readonly gate: GateKey; readonly verdict: Verdict }
  | { readonly type: 'gate-gave-up'; readonly gate: GateKey; readonly why: string }
  | { readonly type: 'asked'; readonly step: StepId; readonly operation: Operation; readonly attempt: number; readonly counter: number }
  | { readonly type: 'reported'; readonly report: Report }
  /** Nobody has answered this ask for longer than the stage allows. Not failed and not done. */
  | { readonly type: 'unreachable'; readonly step: StepId; readonly host: HostId; readonly why: string }
  | { readonly type: 'reachable'; readonly host: HostId }
  | { readonly type: 'signed'; readonly step: StepId; readonly input: string; readonly value: string }
  | { readonly type: 'sign-refused'; readonly step: StepId; readonly why: string }
  | { readonly type: 'paused' | 'resumed' | 'abort-asked' | 'undo-asked' | 'approved'; readonly by: string }
  | { readonly type: 'held'; readonly why: string }
  | { readonly type: 'turned-back'; readonly scope: 'stage' | 'all'; readonly why: string }
  | { readonly type: 'stage-started' | 'stage-ended'; readonly stage: StageId; readonly direction: 'forward' | 'back' }
  | { readonly type: 'measured'; readonly stage: StageId; readonly observer: string; readonly observations: readonly Observation[] }
  /** What the cluster looked like before the first change, and at the end. */
  | { readonly type: 'looked'; readonly when: 'before' | 'after'; readonly snapshot: ClusterSnapshot }
  | { readonly type: 'ended'; readonly outcome: Outcome; readonly why: string };

export type Outcome = 'done' | 'rolled-back' | 'failed';

export interface RolloutEvent {
  readonly rollout: RolloutId;
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  readonly atMs: number;
  readonly body: EventBody;
}
