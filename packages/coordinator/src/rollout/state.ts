/**
 * What a rollout's events add up to. Made by `reduce` alone; plain data, so that a state can be compared, printed and replayed.
 */
import type { Operation } from '@reberth/protocol/ask.ts';
import type { ClusterSnapshot } from '@reberth/protocol/cluster.ts';
import type { GateKey, Outcome, Verdict } from '@reberth/protocol/event.ts';
import type { Digest, HostId, RolloutId, StageId, StepId } from '@reberth/protocol/ids.ts';
import type { Plan } from '@reberth/protocol/plan.ts';
import type { Observation } from '@reberth/protocol/query.ts';

/**
 * none: never asked, or put back so far that it may be asked anew. asked: an answer is awaited. undo-failed: the host could not, or would
 * not, take it back.
 */
export type StepStanding = 'none' | 'asked' | 'done' | 'noop' | 'refused' | 'failed' | 'undone' | 'undo-failed';

export interface StepState {
  readonly standing: StepStanding;
  /** What was asked last. */
  readonly operation: Operation;
  /** Asks so far, of either operation: the next one gets this number plus one. */
  readonly attempts: number;
  /** True once the host was told that it stays. */
  readonly confirmed: boolean;
  /** True once a change may have begun on the host and has not been taken back since. */
  readonly touched: boolean;
  readonly why: string;
  readonly outputs: Readonly<Record<string, string>>;
  /** Signed values for this step, by input name. */
  readonly inputs: Readonly<Record<string, string>>;
}

export interface GateState {
  readonly openedAtMs: number;
  readonly verdict: Verdict;
  readonly gaveUp: boolean;
}

export interface StageState {
  readonly standing: 'pending' | 'running' | 'done' | 'undoing' | 'undone';
  readonly startedAtMs: number | undefined;
  readonly endedAtMs: number | undefined;
}

export interface Measurement {
  readonly stage: StageId;
  readonly observer: string;
  readonly observations: readonly Observation[];
}

export interface RolloutState {
  readonly rollout: RolloutId;
  readonly plan: Plan;
  readonly planDigest: Digest;
  readonly by: string;
  readonly epoch: number;
  readonly holdAfter: StageId | undefined;
  /** True once the operator let the rollout go on past `holdAfter`. */
  readonly holdPassed: boolean;
  readonly startedAtMs: number;
  readonly endedAtMs: number | undefined;
  readonly seq: number;
  readonly standing: 'running' | 'paused' | 'held' | 'ended';
  readonly outcome: Outcome | undefined;
  /** Why it is paused, held, going back or ended. */
  readonly why: string;
  readonly direction: 'forward' | 'back';
  /** How far back: the stage under way, or everything. */
  readonly scope: 'stage' | 'all';
  /** An abort or undo that was asked for and not begun yet. */
  readonly turnWanted: string | undefined;
  readonly stages: Readonly<Record<StageId, StageState>>;
  readonly steps: Readonly<Record<StepId, StepState>>;
  readonly gates: Readonly<Record<GateKey, GateState>>;
  readonly unreachable: Readonly<Record<HostId, string>>;
  readonly before: ClusterSnapshot | undefined;
  readonly after: ClusterSnapshot | undefined;
  readonly measured: readonly Measurement[];
}

export const untouchedStep: StepState = {
  standing: 'none',
  operation: 'do',
  attempts: 0,
  confirmed: false,
  touched: false,
  why: '',
  outputs: {},
  inputs: {},
};
export const pendingStage: StageState = { standing: 'pending', startedAtMs: undefined, endedAtMs: undefined };

/** Changed on the host, or nothing to change; also while its confirmation is under way. */
export const isThrough = ({ standing, operation }: StepState): boolean =>
  standing === 'done' || standing === 'noop' || (standing === 'asked' && operation === 'confirm');

export const stepState = (state: RolloutState, step: StepId): StepState => state.steps[step] ?? untouchedStep;
export const stageState = (state: RolloutState, stage: StageId): StageState => state.stages[stage] ?? pendingStage;
