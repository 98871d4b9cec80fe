/**
 * Schemas of what agents and coordinator send each other and that have only a type elsewhere: asks, questions and answers. Parsed once, at
 * the codec's door, on the way out as well as in.
 */
import * as v from 'valibot';
import type { Ask } from '../ask.ts';
import { digestOf, hostId, rolloutId, stepId } from '../ids.ts';
import { FileExpectationSchema } from '../plan.ts';
import type { Query, QueryAnswer } from '../query.ts';

const Name = v.pipe(v.string(), v.nonEmpty());
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Uint32 = v.pipe(Count, v.maxValue(0xffff_ffff));
const Params = v.record(v.string(), v.unknown());

export const AskSchema: v.GenericSchema<unknown, Ask> = v.object({
  rollout: v.pipe(Name, v.transform(rolloutId)),
  step: v.pipe(Name, v.transform(stepId)),
  operation: v.picklist(['do', 'undo', 'confirm']),
  attempt: Uint32,
  planDigest: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/), v.transform(digestOf)),
  host: v.pipe(Name, v.transform(hostId)),
  epoch: Count,
  counter: Count,
  expiresAtMs: Count,
  kind: Name,
  version: Uint32,
  params: Params,
  expect: v.array(FileExpectationSchema),
  confirmWithinMs: Uint32,
  inputs: v.record(v.string(), v.string()),
});

const Step = v.object({ id: v.string(), kind: v.string(), version: v.number(), params: Params });
const Watched = v.object({ address: v.string(), port: v.number(), caFile: v.string() });

export const QuerySchema: v.GenericSchema<unknown, Query> = v.variant('kind', [
  v.object({ kind: v.literal('facts'), addresses: v.array(v.string()), inventory: v.optional(Name) }),
  v.object({ kind: v.literal('dry-run'), request: v.object({ steps: v.array(Step) }) }),
  v.object({ kind: v.literal('probe'), probe: Name, params: Params }),
  v.object({ kind: v.literal('observe'), endpoints: v.array(Watched), intervalMs: v.number(), untilMs: v.number() }),
]);

/** A probe that has nothing to say answers `{ok: true}`. */
export const QueryAnswerSchema: v.GenericSchema<unknown, QueryAnswer> = v.variant('ok', [
  v.pipe(
    v.object({ ok: v.literal(true), value: v.optional(v.unknown()) }),
    v.transform(({ value }) => ({ ok: true as const, value })),
  ),
  v.object({ ok: v.literal(false), why: v.string() }),
]);
