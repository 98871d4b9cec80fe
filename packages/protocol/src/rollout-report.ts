/**
 * The report of a rollout as `reberth report --format json` prints it. Other tools read these names: add, never rename.
 */
import type { Endpoint } from './plan.ts';

export interface RolloutReport {
  readonly rollout: string;
  readonly planDigest: string;
  readonly outcome: 'running' | 'paused' | 'held' | 'done' | 'rolled-back' | 'failed';
  /** Why it ended or stands as it does; empty for a plain success. */
  readonly why: string;
  readonly strategy: string;
  readonly from: Endpoint;
  readonly to: Endpoint;
  readonly startedAt: string;
  readonly endedAt?: string | undefined;
  readonly stages: readonly {
    readonly id: string;
    readonly title: string;
    readonly outcome: 'pending' | 'running' | 'done' | 'undone' | 'failed' | 'skipped';
    readonly startedAt?: string | undefined;
    readonly endedAt?: string | undefined;
    readonly gates: readonly { readonly gate: string; readonly title: string; readonly verdict: string; readonly why: string }[];
  }[];
  readonly hosts: readonly {
    readonly id: string;
    readonly roles: readonly string[];
    readonly steps: readonly { readonly id: string; readonly kind: string; readonly title: string; readonly outcome: string; readonly why: string }[];
  }[];
  readonly availability: readonly {
    readonly endpoint: string;
    readonly observer: string;
    readonly stage: string;
    readonly probes: number;
    readonly failed: number;
    readonly longestGapMs: number;
    /** Connections that were held open over this endpoint and broken by others. */
    readonly heldBroken: number;
    /** The longest that an answered request took, since this observer began to watch. */
    readonly slowestMs: number;
  }[];
  readonly stragglers: readonly { readonly peer: string; readonly endpoint: string; readonly seenBy: string }[];
  readonly nodes: readonly { readonly name: string; readonly uidBefore: string; readonly uidAfter: string; readonly podsRestarted: number }[];
}
