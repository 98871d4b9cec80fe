/** What all parts of the runner share: the host, its journal, and small looks at both that never throw. */
import type { Operation, Report } from '@reberth/protocol/ask.ts';
import { sha256 } from '@reberth/protocol/canonical.ts';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import { type HostId, rolloutId, stepId } from '@reberth/protocol/ids.ts';
import type { Change, Standing } from '../actions/action.ts';
import type { Deadlines } from '../deadline/deadlines.ts';
import type { HostReader, HostWriter } from '../host/host.ts';
import type { Journal } from '../journal/journal.ts';
import type { ActionFor, Bound } from './bound.ts';

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface Work {
  readonly self: HostId;
  readonly host: HostWriter;
  readonly journal: Journal;
  readonly deadlines: Deadlines;
  readonly actionFor: ActionFor;
  readonly log: Log;
}

/** Which deed a report or a record is about. */
export interface Deed {
  readonly rollout: string;
  readonly step: string;
  readonly operation: Operation;
  readonly attempt: number;
  readonly planDigest: string;
  readonly kind: string;
  readonly version: number;
  readonly title: string;
  readonly startedAtMs: number;
}

export interface Result {
  readonly outcome: Report['outcome'];
  readonly left: Standing;
  readonly why: string;
  readonly outputs?: Readonly<Record<string, string>>;
}

export function reportOf(work: Work, deed: Deed, { outcome, left, why, outputs = {} }: Result): Report {
  const { rollout, step, operation, attempt, startedAtMs } = deed;
  return {
    ...{ rollout: rolloutId(rollout), step: stepId(step), operation, attempt, host: work.self },
    ...{ outcome, left, why, startedAtMs, endedAtMs: work.host.nowMs(), outputs: { ...outputs } },
  };
}

export const commonOf = ({ rollout, step, attempt, planDigest, kind, version }: Deed, atMs: number) => ({
  rollout,
  step,
  attempt,
  planDigest,
  kind,
  version,
  atMs,
});

/** Writes the end of a deed down, then tells it. */
export async function ended(work: Work, deed: Deed, result: Result): Promise<Report> {
  const report = reportOf(work, deed, result);
  await work.journal.append({ is: 'ended', ...commonOf(deed, report.endedAtMs), title: deed.title, report });
  return report;
}

/** Where the host stands. Cannot be told: `between`, with the reason. */
export async function standingOf(work: Work, bound: Bound, change: Change): Promise<{ readonly left: Standing; readonly why: string }> {
  try {
    return { left: await bound.compare(work.host, change), why: '' };
  } catch (error) {
    return { left: 'between', why: `cannot look where the host stands: ${messageOf(error)}` };
  }
}

/** SHA-256, or `absent`. */
export async function hashOnDisk(host: HostReader, path: string): Promise<string> {
  const file = await host.readFile(path);
  return file === undefined ? 'absent' : sha256(file.bytes);
}

/** After these nobody knows what the disk holds: not an outcome of a step but the end of this run of the agent. */
export const isStorageFailure = (error: unknown): boolean => error instanceof ReberthError && error.code === 'storage-failed';
