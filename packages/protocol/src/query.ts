/**
 * Questions to a host that change nothing: facts, dry runs and probes. Answered at once over core NATS request and reply;
 * an unanswered question is simply asked again by whoever still wants to know.
 */
import * as v from 'valibot';
import { FileDiffSchema, FileExpectationSchema, RiskSchema } from './plan.ts';

/** Steps of one host in the order in which they would run; each is planned on top of what the earlier ones would leave. */
export interface DryRunRequest {
  readonly steps: readonly {
    readonly id: string;
    readonly kind: string;
    readonly version: number;
    readonly params: Readonly<Record<string, unknown>>;
  }[];
}
export const DryRunAnswerSchema = v.object({
  steps: v.array(
    v.object({
      id: v.string(),
      verdict: v.picklist(['change', 'noop', 'refuse']),
      title: v.string(),
      risk: RiskSchema,
      touches: v.array(v.string()),
      expect: v.array(FileExpectationSchema),
      diffs: v.array(FileDiffSchema),
      /** Reasons of a refusal, each naming file, line and value. */
      problems: v.array(v.string()),
    }),
  ),
});
export type DryRunAnswer = Readonly<v.InferOutput<typeof DryRunAnswerSchema>>;

/** `probe` names a probe of the agent's list (packages/agent/src/probes/index.ts). */
export type Query =
  /** `addresses`: those whose places are looked for. `inventory`: its path, where it is not the usual one. */
  | { readonly kind: 'facts'; readonly addresses: readonly string[]; readonly inventory?: string | undefined }
  | { readonly kind: 'dry-run'; readonly request: DryRunRequest }
  | { readonly kind: 'probe'; readonly probe: string; readonly params: Readonly<Record<string, unknown>> }
  /** Watch these endpoints from now until `untilMs`; counts come with the heartbeats. An empty list stops it. */
  | {
      readonly kind: 'observe';
      readonly endpoints: readonly { readonly address: string; readonly port: number; readonly caFile: string }[];
      readonly intervalMs: number;
      readonly untilMs: number;
    };

export type QueryAnswer = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly why: string };

/** Availability of one endpoint as one observer saw it since it began to watch. */
export const ObservationSchema = v.object({
  address: v.string(),
  port: v.number(),
  probes: v.number(),
  failed: v.number(),
  longestGapMs: v.number(),
  /** The longest that an answered request took. */
  slowestMs: v.number(),
  lastFailure: v.optional(v.string()),
  /** Long-lived TLS connections to the endpoint that were broken while held. */ heldBroken: v.number(),
});
export type Observation = Readonly<v.InferOutput<typeof ObservationSchema>>;

/** A heartbeat. `problems` is empty on a healthy host. */
export const HeartbeatSchema = v.object({
  host: v.string(),
  bootId: v.string(),
  agentVersion: v.string(),
  sentAtMs: v.number(),
  uptimeMs: v.number(),
  /** Journal entries begun and not ended. */
  openSteps: v.array(v.string()),
  epoch: v.number(),
  units: v.array(v.object({ name: v.string(), active: v.string() })),
  problems: v.array(v.string()),
  observations: v.array(ObservationSchema),
});
export type Heartbeat = Readonly<v.InferOutput<typeof HeartbeatSchema>>;
