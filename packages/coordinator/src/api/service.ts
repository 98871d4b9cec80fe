/**
 * What the operators' API offers, as one port: the gRPC methods are thin and know nothing else. Errors are ReberthError; everything
 * that an operator must read (refusals, states) is an answer.
 */

import type { RolloutEvent } from '@reberth/protocol/event.ts';
import type { Facts } from '@reberth/protocol/facts.ts';
import type { RolloutId, StageId } from '@reberth/protocol/ids.ts';
import type { Plan } from '@reberth/protocol/plan.ts';
import type { RolloutReport } from '@reberth/protocol/rollout-report.ts';
import type { PlanMade } from '../planning/make-plan.ts';
import type { WishText } from '../planning/wish.ts';
import type { OperatorCommand } from '../rollout/operator.ts';

export type { OperatorCommand };

export type RolloutState = 'none' | 'running' | 'paused' | 'held' | 'done' | 'rolled-back' | 'failed';

export interface Status {
  readonly rollout: string;
  readonly state: RolloutState;
  /** One line for people: where it stands and why. */
  readonly text: string;
  /** The one command out of this state. */
  readonly next: string;
  readonly detail: unknown;
}

export interface HostRow {
  readonly id: string;
  readonly state: 'well' | 'unwell' | 'silent' | 'never heard';
  readonly agentVersion: string;
  readonly heardSecondsAgo: number | undefined;
  readonly bootId: string;
  readonly openSteps: readonly string[];
  readonly problems: readonly string[];
}

export interface DoctorFinding {
  readonly subject: string;
  readonly level: 'ok' | 'warning' | 'problem';
  readonly text: string;
  /** What to do about it; empty when ok. */
  readonly next: string;
}

export interface HealthReport {
  readonly atMs: number;
  readonly level: 'ok' | 'warning' | 'problem';
  readonly rollout: Status;
  readonly hosts: readonly HostRow[];
  readonly endpoints: readonly {
    readonly endpoint: string;
    readonly observer: string;
    readonly probes: number;
    readonly failed: number;
    readonly longestGapMs: number;
  }[];
  readonly nodes: readonly { readonly name: string; readonly ready: boolean; readonly why: string }[];
  readonly problems: readonly string[];
}

export interface CoordinatorService {
  makePlan(wish: WishText, note: (text: string) => void, signal: AbortSignal): Promise<PlanMade>;
  apply(plan: Plan, digest: string, options: { readonly by: string; readonly holdAfter: StageId | undefined }): Promise<RolloutId>;
  command(command: OperatorCommand, rollout: string, by: string): Promise<Status>;
  /** An empty id means the latest rollout. */
  status(rollout: string): Promise<Status>;
  events(rollout: string, afterSeq: number, follow: boolean, signal: AbortSignal): AsyncIterable<RolloutEvent>;
  report(rollout: string): Promise<RolloutReport>;
  hosts(): Promise<readonly HostRow[]>;
  facts(host: string, signal: AbortSignal): Promise<Facts>;
  doctor(signal: AbortSignal): Promise<readonly DoctorFinding[]>;
  health(signal: AbortSignal): Promise<HealthReport>;
}
