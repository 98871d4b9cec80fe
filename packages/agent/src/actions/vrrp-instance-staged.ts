/**
 * Writes the future keepalived.conf beside the present one, so that every load balancer is known to have it before the first one loads it.
 * keepalived's own check judges it where there is one: what it says of the future file and not of the present one is against it.
 */
import * as v from 'valibot';
import { diffOf } from '../formats/diff.ts';
import type { FileState, HostReader } from '../host/host.ts';
import { type Check, defineAction } from './action.ts';
import { filesStanding, plannedFile, problemTexts, putContent, putOriginal, sameFile, textOf, verifyFiles, withText } from './files.ts';
import { changedText, changeWords, isStagedBeside, STAGED_BESIDE, vrrpFileEntries } from './vrrp-change.ts';

const ParamsSchema = v.pipe(
  v.object(vrrpFileEntries),
  v.check((params) => isStagedBeside(params), STAGED_BESIDE),
);
type Params = v.InferOutput<typeof ParamsSchema>;

interface Seen {
  readonly file: FileState | undefined;
  readonly staged: FileState | undefined;
}

export const vrrpInstanceStaged = defineAction<Params, Seen>({
  kind: 'vrrp-instance-staged',
  version: 1,
  risk: 'local',
  params: ParamsSchema,
  title: ({ staged, change }) => `stage ${staged} ${changeWords(change)}`,
  touches: ({ staged }) => [`file:${staged}`],
  inspect: async (host, { file, staged }) => ({ file: await host.readFile(file), staged: await host.readFile(staged) }),

  plan({ file, staged, change }, seen) {
    const before = textOf(file, seen.file);
    if (!before.ok) return { is: 'refuse', problems: before.problems };
    const after = changedText(before.text, change);
    if (!after.ok) return { is: 'refuse', problems: problemTexts(file, after) };
    if (after.value === before.text) return { is: 'noop', why: `${file} is so already` };
    const content = withText(before.file, after.value);
    if (sameFile(seen.staged, content)) return { is: 'noop', why: `${staged} is there already` };
    const present = seen.staged?.bytes.toString('utf8');
    return {
      is: 'change',
      change: { files: [plannedFile(staged, seen.staged, content)], readers: [], detail: {} },
      diffs: [diffOf(staged, present, after.value)],
    };
  },

  compare: (host, { files }) => filesStanding(host, files),
  apply: (host, { files }) => putContent(host, files),
  async verify(host, { files }, { file, staged }) {
    const written = await verifyFiles(host, files);
    return written.ok ? checkFuture(host, file, staged) : written;
  },
  undo: (host, { files }) => putOriginal(host, files),
});

async function checkFuture(host: HostReader, file: string, staged: string): Promise<Check> {
  const future = await host.check('keepalived', staged);
  if (!future.available || future.problems.length === 0) return { ok: true };
  const present = await host.check('keepalived', file);
  const known = new Set(present.problems.map((words) => withoutPlace(words, file)));
  const added = future.problems.filter((words) => !known.has(withoutPlace(words, staged)));
  return added.length === 0 ? { ok: true } : { ok: false, why: `keepalived says of ${staged}: ${added.join('; ')}` };
}

/** The same complaint stands in another file, on another line. */
const withoutPlace = (words: string, file: string): string => words.replaceAll(file, 'FILE').replaceAll(/\bline \d+/gi, 'line');
