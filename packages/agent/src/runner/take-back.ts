/**
 * Takes one change back and says where that left the host. Never overwrites a foreign edit, and is content with nothing but `before`, files
 * and services together; a change without files (a restart) has nothing to put back. Host errors are part of the answer.
 */
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Change, Standing, StoredFile } from '../actions/action.ts';
import type { Bound } from './bound.ts';
import { hashOnDisk, standingOf, type Work } from './work.ts';

export interface TakenBack {
  readonly ok: boolean;
  readonly left: Standing;
  readonly why: string;
}

/** `begin` is called before the first change, and only if there is one to make. */
export async function takeBack(work: Work, bound: Bound, change: Change, begin: () => Promise<void>): Promise<TakenBack> {
  const stands = await standingOf(work, bound, change);
  if (stands.why !== '') return { ok: false, ...stands };
  if (stands.left === 'before') return { ok: true, left: 'before', why: '' };
  if (stands.left === 'foreign') return { ok: false, left: 'foreign', why: await foreignWords(work, change) };
  await begin();
  let why = '';
  try {
    await bound.undo(work.host, change);
  } catch (error) {
    why = messageOf(error);
  }
  const now = await standingOf(work, bound, change);
  if (now.left === 'before') return { ok: true, left: 'before', why: '' };
  if (change.files.length === 0 && why === '' && now.why === '') return { ok: true, left: now.left, why: 'there is nothing to put back' };
  return { ok: false, left: now.left, why: [why, now.why].filter((words) => words !== '').join('; ') || `the host is ${now.left} after the undo` };
}

async function foreignWords(work: Work, change: Change): Promise<string> {
  const foreign: string[] = [];
  for (const { path, original, content } of change.files) {
    const found = await work.host.readFile(path).catch(() => undefined);
    if (!holds(found, original) && !holds(found, content))
      foreign.push(`${path} is neither as it was before nor as it was written: it is ${await hashOnDisk(work.host, path).catch(messageOf)}`);
  }
  return foreign.length > 0 ? foreign.join('; ') : 'somebody else changed what this step changed';
}

const holds = (found: StoredFile | undefined, wanted: StoredFile | undefined): boolean =>
  wanted === undefined || found === undefined
    ? found === wanted
    : found.bytes.equals(wanted.bytes) && found.mode === wanted.mode && found.uid === wanted.uid && found.gid === wanted.gid;
