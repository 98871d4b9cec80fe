/**
 * Does one step: look, plan, agree with what was approved, write down, change, look again, write down. Until the intent is on disk nothing
 * was touched and everything against is a refusal; from then on every end is journaled. A step that wants a confirmation is armed before
 * its first write: its deadline stands in the intent, and the host is told to look by then.
 */
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Change, Planned, Standing } from '../actions/action.ts';
import { type Deadline, deadlineAfter, tokenOf } from '../deadline/deadlines.ts';
import { whyUnwritten } from '../journal/journal.ts';
import { type Entry, keyOf } from '../journal/ledger.ts';
import type { KeptChange } from '../journal/records.ts';
import { disagreements, madeBy, madeHere } from './agreement.ts';
import { type Bound, bind } from './bound.ts';
import { recall } from './recall.ts';
import { repeatOf } from './repeats.ts';
import { commonOf, type Deed, ended, hashOnDisk, type Result, reportOf, standingOf, type Work } from './work.ts';

export async function doStep(work: Work, ask: Ask): Promise<Report> {
  const deed: Deed = { ...ask, title: ask.kind, startedAtMs: work.host.nowMs() };
  const refused = (problems: readonly string[]): Report => reportOf(work, deed, { outcome: 'refused', left: 'before', why: problems.join('; ') });

  const entry = work.journal.ledger().get(keyOf(ask.rollout, ask.step));
  const repeat = repeatOf(entry, ask);
  if (repeat.is === 'answered') return repeat.report;
  if (repeat.is === 'refused') return refused([repeat.why]);
  const binding = bind(work.actionFor, ask);
  if (!binding.ok) return refused(binding.problems);
  const { bound } = binding;
  if (repeat.is === 'again' && entry !== undefined) {
    const against = await againstAnotherAttempt(work, entry);
    if (against !== undefined) return reportOf(work, deed, { outcome: 'refused', ...against });
  }

  const planned = await lookAt(work, bound, ask);
  const titled: Deed = { ...deed, title: bound.title };
  if (planned.is === 'refuse') return refused(planned.problems);
  if (planned.is === 'noop') return ended(work, titled, { outcome: 'noop', left: 'after', why: planned.why });
  return change(work, ask, titled, bound, planned.change);
}

/** Only from before: what a failed attempt left half done is taken back first. */
async function againstAnotherAttempt(work: Work, entry: Entry): Promise<{ readonly left: Standing; readonly why: string } | undefined> {
  const known = await recall(work, entry);
  if (!known.ok) return { left: 'between', why: known.why };
  const { left, why } = await standingOf(work, known.bound, known.change);
  return left === 'before' ? undefined : { left, why: why || `an earlier attempt left this host ${left}; undo it first` };
}

/** A host that cannot be looked at is refused like any other reason. */
async function lookAt(work: Work, bound: Bound, ask: Ask): Promise<Planned> {
  try {
    return await bound.look(work.host, ask.inputs);
  } catch (error) {
    return { is: 'refuse', problems: [messageOf(error)] };
  }
}

async function change(work: Work, ask: Ask, deed: Deed, bound: Bound, wanted: Change): Promise<Report> {
  let kept: KeptChange;
  let deadline: Deadline | undefined;
  try {
    const against = await againstApproval(work, ask, wanted);
    if (against.length > 0) return reportOf(work, deed, { outcome: 'refused', left: 'before', why: against.join('; ') });
    kept = await work.journal.keep(wanted);
    if (ask.confirmWithinMs > 0) deadline = deadlineAfter(await work.deadlines.now(), ask.confirmWithinMs);
  } catch (error) {
    return reportOf(work, deed, { outcome: 'refused', left: 'before', why: messageOf(error) });
  }
  const intent = work.journal.append({
    is: 'intent',
    ...commonOf(deed, work.host.nowMs()),
    title: deed.title,
    params: ask.params,
    change: kept,
    made: madeBy(wanted, ask.expect),
    ...(deadline === undefined ? {} : { deadline }),
  });
  const unwritten = await whyUnwritten(intent);
  if (unwritten !== undefined) return reportOf(work, deed, { outcome: 'refused', left: 'before', why: unwritten });
  try {
    if (deadline !== undefined) await work.deadlines.arm(tokenOf({ ...ask, doAttempt: ask.attempt }), deadline.withinMs);
  } catch (error) {
    return ended(work, deed, { outcome: 'failed', left: 'before', why: `${messageOf(error)}; nothing was changed` });
  }
  return ended(work, deed, await applied(work, bound, wanted));
}

async function againstApproval(work: Work, ask: Ask, wanted: Change): Promise<readonly string[]> {
  const onDisk = new Map<string, string>();
  for (const { path } of [...ask.expect, ...wanted.files]) if (!onDisk.has(path)) onDisk.set(path, await hashOnDisk(work.host, path));
  return disagreements(ask.expect, wanted, onDisk, madeHere(work.journal.ledger(), ask.rollout));
}

async function applied(work: Work, bound: Bound, wanted: Change): Promise<Result> {
  let why: string;
  try {
    await bound.apply(work.host, wanted);
    const check = await bound.verify(work.host, wanted);
    if (check.ok) return { outcome: 'done', left: 'after', why: '', outputs: check.outputs ?? {} };
    ({ why } = check);
  } catch (error) {
    why = messageOf(error);
  }
  const stands = await standingOf(work, bound, wanted);
  return { outcome: 'failed', left: stands.left, why: [why, stands.why].filter((words) => words !== '').join('; ') };
}
