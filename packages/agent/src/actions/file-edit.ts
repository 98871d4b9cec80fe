/**
 * The part of an action that every edit of one text file has in common: nobody reads the file at once, so where the file stands is where
 * the host stands. An action of this shape adds its kind, its parameters and the edit.
 */
import { diffOf } from '../formats/diff.ts';
import type { Parsed } from '../formats/parsed.ts';
import type { FileState, HostReader } from '../host/host.ts';
import type { Action, Planned } from './action.ts';
import { filesStanding, plannedFile, problemTexts, putContent, putOriginal, textOf, verifyFiles, withText } from './files.ts';

export interface SeenFile {
  readonly file: FileState | undefined;
}

type Common = Pick<Action<{ readonly file: string }, SeenFile>, 'touches' | 'inspect' | 'compare' | 'apply' | 'verify' | 'undo'>;

export const fileEdit: Common = {
  touches: ({ file }) => [`file:${file}`],
  inspect: async (host: HostReader, { file }) => ({ file: await host.readFile(file) }),
  compare: (host, { files }) => filesStanding(host, files),
  apply: (host, { files }) => putContent(host, files),
  verify: (host, { files }) => verifyFiles(host, files),
  undo: (host, { files }) => putOriginal(host, files),
};

export function planEdit(path: string, seen: SeenFile, edit: (text: string) => Parsed<string>, alreadySo: string): Planned {
  const before = textOf(path, seen.file);
  if (!before.ok) return { is: 'refuse', problems: before.problems };
  const after = edit(before.text);
  if (!after.ok) return { is: 'refuse', problems: problemTexts(path, after) };
  if (after.value === before.text) return { is: 'noop', why: alreadySo };
  const file = plannedFile(path, before.file, withText(before.file, after.value));
  return { is: 'change', change: { files: [file], readers: [], detail: {} }, diffs: [diffOf(path, before.text, after.value)] };
}
