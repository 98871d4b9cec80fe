/** Answers questions that change nothing. Every surprise becomes an answer with its reason; nothing here throws. */
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Facts } from '@reberth/protocol/facts.ts';
import type { DryRunAnswer, DryRunRequest, Observation, Query, QueryAnswer } from '@reberth/protocol/query.ts';
import type { RunProbe } from './probes/index.ts';

export interface AnswerParts {
  facts(addresses: readonly string[], inventory: string | undefined): Promise<Facts>;
  dryRun(request: DryRunRequest): Promise<DryRunAnswer>;
  readonly probe: RunProbe;
  watch(watch: Omit<Extract<Query, { readonly kind: 'observe' }>, 'kind'>): readonly Observation[];
}

export function createAnswer(parts: AnswerParts): (query: Query) => Promise<QueryAnswer> {
  return async (query) => {
    try {
      return await answerTo(parts, query);
    } catch (error) {
      return { ok: false, why: messageOf(error) };
    }
  };
}

async function answerTo(parts: AnswerParts, query: Query): Promise<QueryAnswer> {
  switch (query.kind) {
    case 'facts':
      return { ok: true, value: await parts.facts(query.addresses, query.inventory) };
    case 'dry-run':
      return { ok: true, value: await parts.dryRun(query.request) };
    case 'probe':
      return parts.probe(query.probe, query.params);
    case 'observe':
      return { ok: true, value: parts.watch(query) };
    default:
      return query satisfies never;
  }
}
