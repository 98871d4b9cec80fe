/**
 * What the journal says, one record per line. `intent` before the first change of a step, with the deadline of one that must be confirmed;
 * `confirmed` when it stays; `undo-intent` before the first change of its taking back; `ended` when doing or undoing is over. Reports are kept
 * word for word, file contents beside the journal, by hash.
 */

import { ReportSchema } from '@reberth/protocol/ask.ts';
import { FileExpectationSchema } from '@reberth/protocol/plan.ts';
import * as v from 'valibot';
import { DeadlineSchema } from '../deadline/deadlines.ts';

const StoredSchema = v.union([v.literal('absent'), v.object({ sha256: v.string(), mode: v.number(), uid: v.number(), gid: v.number() })]);
export type Stored = Readonly<v.InferOutput<typeof StoredSchema>>;

export const KeptChangeSchema = v.object({
  files: v.array(v.object({ ...FileExpectationSchema.entries, original: StoredSchema, content: StoredSchema })),
  readers: v.array(v.object({ unit: v.string(), invocationBefore: v.string() })),
  detail: v.record(v.string(), v.unknown()),
});
export type KeptChange = Readonly<v.InferOutput<typeof KeptChangeSchema>>;

const common = {
  rollout: v.string(),
  step: v.string(),
  attempt: v.number(),
  planDigest: v.string(),
  kind: v.string(),
  version: v.number(),
  atMs: v.number(),
};

export const RecordSchema = v.variant('is', [
  v.object({
    is: v.literal('intent'),
    ...common,
    title: v.string(),
    params: v.record(v.string(), v.unknown()),
    change: KeptChangeSchema,
    made: v.array(v.string()),
    /** Absent where no confirmation is wanted. */
    deadline: v.optional(DeadlineSchema),
  }),
  v.object({ is: v.literal('undo-intent'), ...common }),
  v.object({ is: v.literal('confirmed'), ...common, report: ReportSchema }),
  v.object({ is: v.literal('ended'), ...common, title: v.string(), report: ReportSchema }),
]);
export type JournalRecord = Readonly<v.InferOutput<typeof RecordSchema>>;
