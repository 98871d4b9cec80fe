/**
 * What all actions that change files share: planning a file, telling where files stand, putting the new content or the old one.
 *
 * - A file is as it was, or as it was to become, only with the same bytes, mode and owner; absence counts too.
 * - Whatever is neither is somebody else's and is never written over.
 */
import { sha256 } from '@reberth/protocol/canonical.ts';
import type { FileExpectation } from '@reberth/protocol/plan.ts';
import { type Parsed, problemText } from '../formats/parsed.ts';
import type { FileState, HostReader, HostWriter } from '../host/host.ts';
import type { Check, PlannedFile, Standing } from './action.ts';

type File = FileState | undefined;

/** A file and what is to stand there. `made`: what it will hold cannot be known from the plan. */
export function plannedFile(path: string, original: File, content: File, made = false): PlannedFile {
  const hash = (file: File): FileExpectation['before'] => (file === undefined ? 'absent' : sha256(file.bytes));
  return { path, before: hash(original), after: made ? 'made-on-host' : hash(content), original, content };
}

/** New text in the same file: mode and owner stay. */
export const withText = (file: FileState, text: string): FileState => ({ ...file, bytes: Buffer.from(text) });

/** The file's text when it is UTF-8 through and through; else an edit could not keep the rest. */
export function textOf(
  path: string,
  file: File,
): { readonly ok: true; readonly text: string; readonly file: FileState } | { readonly ok: false; readonly problems: readonly string[] } {
  if (file === undefined) return { ok: false, problems: [`${path}: there is no such file`] };
  const text = file.bytes.toString('utf8');
  return Buffer.from(text).equals(file.bytes) ? { ok: true, text, file } : { ok: false, problems: [`${path}: this is not UTF-8 text`] };
}

export const problemTexts = (path: string, parsed: Parsed<unknown>): readonly string[] =>
  parsed.ok ? [] : parsed.problems.map((problem) => problemText(path, problem));

export const sameFile = (a: File, b: File): boolean =>
  a === undefined || b === undefined ? a === b : a.bytes.equals(b.bytes) && a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;

type Where = 'original' | 'content' | 'both' | 'foreign';

function whereIs(now: File, { original, content }: PlannedFile): Where {
  const [isOriginal, isContent] = [sameFile(now, original), sameFile(now, content)];
  if (isOriginal && isContent) return 'both';
  return isOriginal ? 'original' : isContent ? 'content' : 'foreign';
}

/** All files together. */
export async function filesStanding(host: HostReader, files: readonly PlannedFile[]): Promise<Standing> {
  const where = await Promise.all(files.map(async (file) => whereIs(await host.readFile(file.path), file)));
  if (where.includes('foreign')) return 'foreign';
  if (where.every((each) => each !== 'content')) return 'before';
  return where.every((each) => each !== 'original') ? 'after' : 'between';
}

/** For what must happen before the first write. */
export async function mustBeOurs(host: HostReader, files: readonly PlannedFile[]): Promise<void> {
  const foreign: string[] = [];
  for (const file of files) if (whereIs(await host.readFile(file.path), file) === 'foreign') foreign.push(file.path);
  refuseForeign(foreign);
}

function refuseForeign(paths: readonly string[]): void {
  if (paths.length > 0) throw new Error(`cannot change ${paths.join(', ')}: edited by someone else since`);
}

export const putContent = (host: HostWriter, files: readonly PlannedFile[]): Promise<void> => put(host, files, 'content');

export const putOriginal = (host: HostWriter, files: readonly PlannedFile[]): Promise<void> => put(host, files, 'original');

/** Looks at all of them before touching one. Files are written in their order; what is to be absent goes afterwards. */
async function put(host: HostWriter, files: readonly PlannedFile[], side: 'original' | 'content'): Promise<void> {
  const seen: { readonly planned: PlannedFile; readonly where: Where }[] = [];
  for (const planned of files) seen.push({ planned, where: whereIs(await host.readFile(planned.path), planned) });
  refuseForeign(seen.filter(({ where }) => where === 'foreign').map(({ planned }) => planned.path));
  const pending = seen.filter(({ where }) => where !== side && where !== 'both').map(({ planned }) => planned);
  const writes = pending.flatMap((planned) => {
    const file = planned[side];
    return file === undefined ? [] : [{ path: planned.path, file }];
  });
  const [only] = writes;
  if (writes.length === 1 && only !== undefined) await host.writeFile(only.path, only.file);
  else if (writes.length > 1) await host.writeFiles(writes);
  for (const planned of pending) if (planned[side] === undefined) await host.removeFile(planned.path);
}

export async function verifyFiles(host: HostReader, files: readonly PlannedFile[]): Promise<Check> {
  const standing = await filesStanding(host, files);
  return standing === 'after' ? { ok: true } : { ok: false, why: `${files.map(({ path }) => path).join(', ')}: not as written (${standing})` };
}
