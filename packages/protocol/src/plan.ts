/**
 * The plan: everything that will be done, in order, with hash-before and hash-after of every file on every host.
 * It is frozen when made; its digest is what an operator approves and what every ask refers to. Data only: no methods, no I/O.
 */
import * as v from 'valibot';
import { digestOf, hostId, stageId, stepId } from './ids.ts';

const HostIdSchema = v.pipe(v.string(), v.minLength(1), v.transform(hostId));
const StepIdSchema = v.pipe(v.string(), v.minLength(1), v.transform(stepId));
const StageIdSchema = v.pipe(v.string(), v.minLength(1), v.transform(stageId));
const DigestSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/), v.transform(digestOf));

/** An API endpoint. `address` is an IP address or a name without brackets. */
export const EndpointSchema = v.object({
  address: v.pipe(v.string(), v.minLength(1)),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535)),
});
export type Endpoint = Readonly<v.InferOutput<typeof EndpointSchema>>;
export const endpointUrl = (endpoint: Endpoint): string => `https://${endpointText(endpoint)}`;
export const endpointText = ({ address, port }: Endpoint): string => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);

/** What a file is to look like. `made-on-host`: new key material, known only when it is made; everything else is a SHA-256. */
export const FileExpectationSchema = v.object({
  path: v.pipe(v.string(), v.startsWith('/')),
  before: v.union([v.literal('absent'), DigestSchema]),
  after: v.union([v.literal('absent'), v.literal('made-on-host'), DigestSchema]),
});
export type FileExpectation = Readonly<v.InferOutput<typeof FileExpectationSchema>>;

/** Text of a unified diff with secrets replaced; for people only, never applied. */
export const FileDiffSchema = v.object({ path: v.string(), diff: v.string() });
export type FileDiff = Readonly<v.InferOutput<typeof FileDiffSchema>>;

export const RiskSchema = v.picklist(['local', 'service', 'connectivity']);
export type Risk = v.InferOutput<typeof RiskSchema>;

/** A value that an earlier step brings into being: the signed certificate for the request that step `from` made. */
export const StepInputSchema = v.object({ name: v.string(), from: StepIdSchema, signedAs: v.literal('serving-certificate') });

export const StepSchema = v.object({
  id: StepIdSchema,
  host: HostIdSchema,
  kind: v.string(),
  version: v.number(),
  title: v.string(),
  risk: RiskSchema,
  params: v.record(v.string(), v.unknown()),
  touches: v.array(v.string()),
  expect: v.array(FileExpectationSchema),
  diffs: v.array(FileDiffSchema),
  inputs: v.optional(v.array(StepInputSchema), []),
  /** After this long without a confirmation the host takes the step back by itself. 0: no confirmation is wanted. */
  confirmWithinMs: v.optional(v.number(), 0),
});
export type Step = Readonly<v.InferOutput<typeof StepSchema>>;

/** One use of a gate. Times in milliseconds. `onGiveUp` is what happens when it has not passed after `giveUpAfterMs`. */
export const GateUseSchema = v.object({
  gate: v.string(),
  title: v.string(),
  params: v.record(v.string(), v.unknown()),
  everyMs: v.number(),
  holdForMs: v.number(),
  giveUpAfterMs: v.number(),
  onGiveUp: v.picklist(['undo', 'hold']),
});
export type GateUse = Readonly<v.InferOutput<typeof GateUseSchema>>;

/** Steps of one host run in the order listed; hosts of one wave run side by side. `exit` is judged going forward, `back` after the wave was undone. */
export const WaveSchema = v.object({ title: v.string(), steps: v.array(StepSchema), exit: v.array(GateUseSchema), back: v.array(GateUseSchema) });
export type Wave = Readonly<v.InferOutput<typeof WaveSchema>>;

export const StageSchema = v.object({
  id: StageIdSchema,
  title: v.string(),
  why: v.string(),
  enter: v.array(GateUseSchema),
  waves: v.array(WaveSchema),
  exit: v.array(GateUseSchema),
  onFailure: v.picklist(['undo-stage', 'undo-all', 'hold']),
  /** True where the old address stops being served: from here on the way back re-adds it first. */
  commit: v.boolean(),
  /** The endpoints that answer throughout this stage; they are measured while it runs. */
  promises: v.array(v.picklist(['from', 'to'])),
});
export type Stage = Readonly<v.InferOutput<typeof StageSchema>>;

export const PlanHostSchema = v.object({ id: HostIdSchema, address: v.string(), roles: v.array(v.string()) });
export type PlanHost = Readonly<v.InferOutput<typeof PlanHostSchema>>;

export const PlanSchema = v.object({
  format: v.literal(1),
  cluster: v.string(),
  strategy: v.picklist(['rolling', 'rebootstrap']),
  layout: v.string(),
  createdAt: v.string(),
  from: EndpointSchema,
  to: EndpointSchema,
  hosts: v.array(PlanHostSchema),
  /** Choices the planner made, each with its reason, in words for the operator. */
  notes: v.array(v.string()),
  /** Where the old address may stay, by name: accepted places such as certificate SANs. */
  accepted: v.array(v.string()),
  stages: v.array(StageSchema),
});
export type Plan = Readonly<v.InferOutput<typeof PlanSchema>>;

/** Nothing to do: the cluster is at the wanted address already. */
export const isEmptyPlan = (plan: Plan): boolean => plan.stages.every((stage) => stage.waves.every((wave) => wave.steps.length === 0));

export function* stepsOf(plan: Plan): Generator<{ readonly stage: Stage; readonly wave: Wave; readonly waveIndex: number; readonly step: Step }> {
  for (const stage of plan.stages) {
    for (const [waveIndex, wave] of stage.waves.entries()) {
      for (const step of wave.steps) yield { stage, wave, waveIndex, step };
    }
  }
}
