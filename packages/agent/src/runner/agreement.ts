/**
 * Whether what this host would change is what was approved. Pure: expectations, the planned change and what is on the disk, in; every
 * disagreement in words, out. A file that the plan could not know may only hold what an earlier step of the same rollout made here.
 */
import { sha256 } from '@reberth/protocol/canonical.ts';
import type { FileExpectation } from '@reberth/protocol/plan.ts';
import type { Change, PlannedFile } from '../actions/action.ts';
import type { Ledger } from '../journal/ledger.ts';

export type OnDisk = ReadonlyMap<string, string>;

export function disagreements(
  approved: readonly FileExpectation[],
  change: Change,
  onDisk: OnDisk,
  made: ReadonlyMap<string, string>,
): readonly string[] {
  const expected = new Set(approved.map(({ path }) => path));
  return [
    ...approved.flatMap((file) => againstApproved(file, change, onDisk)),
    ...change.files.filter(({ path }) => !expected.has(path)).flatMap(({ path }) => againstMade(path, onDisk, made)),
  ];
}

function againstApproved({ path, before, after }: FileExpectation, change: Change, onDisk: OnDisk): readonly string[] {
  const found = onDisk.get(path) ?? 'absent';
  if (found !== before) return [`${path} was changed since the plan was made: it is ${found}, the plan was made for ${before}`];
  if (after === 'made-on-host') return [];
  const planned = change.files.find((file) => file.path === path);
  const would = planned === undefined ? found : afterOf(planned);
  return would === after ? [] : [`${path} would become ${would}, approved was ${after}`];
}

function againstMade(path: string, onDisk: OnDisk, made: ReadonlyMap<string, string>): readonly string[] {
  const found = onDisk.get(path) ?? 'absent';
  if (found === made.get(path)) return [];
  const words = made.has(path) ? `it is ${found}, this rollout made ${made.get(path)} here` : `it is ${found} and not in the approved plan`;
  return [`${path} would be changed: ${words}`];
}

const afterOf = ({ content, after }: PlannedFile): string => (content === undefined ? after : sha256(content.bytes));

/** Path → hash of what steps of this rollout made here last and did not take back. */
export function madeHere(ledger: Ledger, rollout: string): ReadonlyMap<string, string> {
  const made = new Map<string, string>();
  for (const entry of ledger.values()) {
    if (entry.rollout !== rollout || entry.standing !== 'done') continue;
    for (const { path, content } of entry.change?.files ?? []) {
      if (content !== 'absent' && entry.made.includes(path)) made.set(path, content.sha256);
      else made.delete(path);
    }
  }
  return made;
}

/** Files of the change whose content the approved plan does not name. */
export function madeBy(change: Change, approved: readonly FileExpectation[]): string[] {
  const named = new Set(approved.filter(({ after }) => after !== 'made-on-host').map(({ path }) => path));
  return change.files.filter(({ path, content }) => content !== undefined && !named.has(path)).map(({ path }) => path);
}
