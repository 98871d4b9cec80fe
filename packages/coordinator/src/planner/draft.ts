/**
 * A plan before the hosts were asked: the stages and steps that a strategy wants, without the hashes and diffs that only the hosts know.
 */
import type { HostId, StageId, StepId } from '@reberth/protocol/ids.ts';
import type { GateUse, Plan, Stage, Step } from '@reberth/protocol/plan.ts';

export interface StepDraft {
  readonly id: StepId;
  readonly host: HostId;
  readonly kind: string;
  readonly version: number;
  readonly params: Readonly<Record<string, unknown>>;
  readonly inputs: Step['inputs'];
}

export interface WaveDraft {
  readonly title: string;
  readonly steps: readonly StepDraft[];
  readonly exit: readonly GateUse[];
  readonly back: readonly GateUse[];
}

export interface StageDraft extends Pick<Stage, 'title' | 'why' | 'onFailure' | 'commit' | 'promises'> {
  readonly id: StageId;
  readonly enter: readonly GateUse[];
  readonly waves: readonly WaveDraft[];
  readonly exit: readonly GateUse[];
}

export interface PlanDraft extends Omit<Plan, 'stages'> {
  readonly stages: readonly StageDraft[];
}

/** Every step of one host in the order in which it would run: what a dry run is asked with. */
export const stepsOfHost = (draft: PlanDraft, host: HostId): readonly StepDraft[] =>
  draft.stages.flatMap(({ waves }) => waves.flatMap(({ steps }) => steps.filter((step) => step.host === host)));
