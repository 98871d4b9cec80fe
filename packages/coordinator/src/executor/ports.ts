/**
 * What the executor needs of the world. Everything that can fail is an answer; only storage may throw, and then nothing more is done.
 */
import type { Ask } from '@reberth/protocol/ask.ts';
import type { ClusterSnapshot } from '@reberth/protocol/cluster.ts';
import type { Verdict } from '@reberth/protocol/event.ts';
import type { HostId, RolloutId } from '@reberth/protocol/ids.ts';
import type { Endpoint, Plan, Step } from '@reberth/protocol/plan.ts';
import type { Observation } from '@reberth/protocol/query.ts';
import type { Sampled } from '../gates/gate.ts';
import type { Answer } from '../probes/probes.ts';
import type { decide } from '../rollout/decide.ts';
import type { RolloutState } from '../rollout/state.ts';
import type { Store } from '../store/store.ts';

export interface Clock {
  nowMs(): number;
  /** Ends early with the signal; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** What a rollout knows from earlier: the cluster before the first change, and every measurement so far, oldest first. */
export type Past = Pick<RolloutState, 'before' | 'measured'>;

export interface Gates {
  probe(gate: string, params: Readonly<Record<string, unknown>>, past: Past, signal: AbortSignal): Promise<unknown>;
  judge(gate: string, params: Readonly<Record<string, unknown>>, history: readonly Sampled<unknown>[], nowMs: number): Verdict;
}

export interface Observers {
  /** From now on these endpoints and no others. */
  watch(endpoints: readonly Endpoint[], plan: Plan): void;
  readings(): readonly { readonly observer: string; readonly observations: readonly Observation[] }[];
}

export interface ExecutorPorts {
  readonly store: Store;
  /** Resolves when the ask is on its way; a rejection means that it is sent again later. */
  send(ask: Ask): Promise<void>;
  readonly gates: Gates;
  sign(step: Step, request: string): Promise<Answer<string>>;
  snapshot(signal: AbortSignal): Promise<Answer<ClusterSnapshot>>;
  readonly observers: Observers;
  /** When this host was heard last; 0 for never. */
  heardAtMs(host: HostId): number;
  readonly clock: Clock;
  /** How long an answer is waited for before the ask is sent again. */
  readonly repeatMs?: number;
  readonly log: {
    info(fields: object, message: string): void;
    warn(fields: object, message: string): void;
    error(fields: object, message: string): void;
  };
  /** A decision could not be stored: the process must end, and go on from what is stored. */
  onStorageFailure(error: unknown): void;
  /** For simulations, whose names must be the same every time; else by time and chance. */
  newId?(nowMs: number): RolloutId;
  /** For simulations that break a rule on purpose; else the decider. */
  readonly decide?: typeof decide;
}
