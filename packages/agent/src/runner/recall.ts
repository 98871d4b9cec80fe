/** A step as it was begun: action, parameters and change come from the journal and not from an ask. */
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Change } from '../actions/action.ts';
import type { Entry } from '../journal/ledger.ts';
import { type Bound, bind } from './bound.ts';
import type { Work } from './work.ts';

export type Recalled = { readonly ok: true; readonly bound: Bound; readonly change: Change } | { readonly ok: false; readonly why: string };

export async function recall(work: Work, entry: Entry): Promise<Recalled> {
  const binding = bind(work.actionFor, entry);
  if (!binding.ok) return { ok: false, why: binding.problems.join('; ') };
  if (entry.change === undefined) return { ok: false, why: 'the journal keeps no change of this step' };
  try {
    return { ok: true, bound: binding.bound, change: await work.journal.restore(entry.change) };
  } catch (error) {
    return { ok: false, why: messageOf(error) };
  }
}
