/** What a recorded journal comes to when this release reads it: state and report of a rollout, the steps of a host. */
import { readFileSync } from 'node:fs';
import { readJournal } from '@reberth/agent/journal/journal.ts';
import { viewOf } from '@reberth/agent/runner/runner.ts';
import { reduce } from '@reberth/coordinator/rollout/reduce.ts';
import { reportOf } from '@reberth/coordinator/rollout/report.ts';
import { standingOf } from '@reberth/coordinator/rollout/standing.ts';
import type { RolloutState } from '@reberth/coordinator/rollout/state.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import { unframe } from '@reberth/protocol/record.ts';

export function rolloutEnd(journal: string) {
  const records = unframe(readFileSync(journal));
  if (!records.ok || records.tornTail > 0) throw new Error(`cannot read ${journal}: ${records.ok ? 'it is torn' : records.why}`);
  const events = records.bodies as readonly RolloutEvent[];
  const state = events.reduce<RolloutState | undefined>(reduce, undefined);
  if (state === undefined) throw new Error(`cannot read ${journal}: it has no rollout`);
  return plain({ standing: standingOf(state), state, report: reportOf(state) });
}

export function ledgerEnd(journal: string) {
  const { ledger, tornTail } = readJournal(readFileSync(journal));
  if (tornTail > 0) throw new Error(`cannot read ${journal}: it is torn`);
  return plain({ entries: [...ledger.values()].map((entry) => ({ ...entry, view: viewOf(entry) })) });
}

/** As JSON has it, so that it can be compared with what was recorded. */
const plain = (value: object): Record<string, unknown> => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;
