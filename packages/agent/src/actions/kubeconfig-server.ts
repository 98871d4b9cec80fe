/**
 * Points the kubeconfigs of one program at another API server, and starts the program that reads them again. Only the server of the
 * current context's cluster changes; a file that is there already stays as it is; one on a third address is refused.
 */
import * as v from 'valibot';
import { diffOf } from '../formats/diff.ts';
import { setServer } from '../formats/kubeconfig.ts';
import type { FileState, HostReader, UnitState } from '../host/host.ts';
import { type Change, defineAction, type Planned, type PlannedFile } from './action.ts';
import { filesStanding, mustBeOurs, plannedFile, problemTexts, putContent, putOriginal, textOf, verifyFiles, withText } from './files.ts';
import { mustBe, waitForHealth } from './health.ts';
import { type Mark, MarkSchema, markPath, markStanding, planMark, readMark, setMark } from './loaded-mark.ts';
import { PathSchema, ReaderSchema, ServerUrlSchema, shortUnit } from './params.ts';

const ParamsSchema = v.object({
  files: v.pipe(v.array(PathSchema), v.minLength(1)),
  from: ServerUrlSchema,
  to: ServerUrlSchema,
  reader: v.optional(ReaderSchema),
});
type Params = v.InferOutput<typeof ParamsSchema>;

interface Seen {
  readonly files: readonly { readonly path: string; readonly file: FileState | undefined }[];
  readonly unit: UnitState | undefined;
  readonly mark: string | null;
}

export const kubeconfigServer = defineAction<Params, Seen>({
  kind: 'kubeconfig-server',
  version: 1,
  risk: 'service',
  params: ParamsSchema,
  title: ({ files, to, reader }) => `point ${reader === undefined ? files.join(', ') : shortUnit(reader.unit)} at ${to.replace('https://', '')}`,
  touches: ({ files, reader }) => [
    ...files.map((path) => `file:${path}`),
    ...(reader === undefined ? [] : [`unit:${reader.unit}`, `file:${markPath(reader.unit)}`]),
  ],

  async inspect(host, { files, reader }) {
    const seen = [];
    for (const path of files) seen.push({ path, file: await host.readFile(path) });
    if (reader === undefined) return { files: seen, unit: undefined, mark: null };
    return { files: seen, unit: await host.unit(reader.unit), mark: await readMark(host, markPath(reader.unit)) };
  },

  plan(params, seen) {
    const planned = seen.files.map(({ path, file }) => planFile(path, file, params));
    const problems = [...planned.flatMap((each) => each.problems), ...reasonsAgainstReader(params, seen)];
    if (problems.length > 0) return { is: 'refuse', problems };
    const files = planned.flatMap(({ changed }) => (changed === undefined ? [] : [changed]));
    if (files.length === 0) return { is: 'noop', why: `every file points at ${params.to} already` };
    return planChange(params, seen, files);
  },

  async compare(host, change) {
    const files = await filesStanding(host, change.files);
    const mark = markOf(change);
    if (mark === undefined || files === 'foreign') return files;
    const marked = await markStanding(host, mark);
    if (files === 'before' && marked === 'before') return 'before';
    return files === 'after' && marked === 'done' ? 'after' : 'between';
  },

  async apply(host, change, { reader }) {
    const mark = markOf(change);
    if (mark === undefined || reader === undefined) return putContent(host, change.files);
    await mustBeOurs(host, change.files);
    const marked = await markStanding(host, mark);
    if (marked !== 'done') await setMark(host, mark, 'doing');
    await putContent(host, change.files);
    if (marked === 'done') return;
    await host.restartUnit(reader.unit);
    await setMark(host, mark, 'done');
  },

  async verify(host, change, { reader }) {
    const files = await verifyFiles(host, change.files);
    if (!files.ok || reader === undefined) return files;
    if (!(await startedSince(host, change, reader.unit))) return { ok: false, why: `${reader.unit} was not started again` };
    return waitForHealth(host, reader.unit, reader.health);
  },

  async undo(host, change, { reader }) {
    const mark = markOf(change);
    if (mark === undefined || reader === undefined) return putOriginal(host, change.files);
    // Already back, or never begun: another start would disturb for nothing.
    if ((await markStanding(host, mark)) === 'before' && (await filesStanding(host, change.files)) === 'before') return;
    await mustBeOurs(host, change.files);
    await setMark(host, mark, 'doing');
    await putOriginal(host, change.files);
    if (await startedSince(host, change, reader.unit)) {
      await host.restartUnit(reader.unit);
      mustBe(await waitForHealth(host, reader.unit, reader.health), `take ${reader.unit} back`);
    }
    await setMark(host, mark, 'before');
  },
});

function planFile(
  path: string,
  file: FileState | undefined,
  { from, to }: Params,
): { readonly changed?: PlannedFile; readonly problems: readonly string[] } {
  const before = textOf(path, file);
  if (!before.ok) return { problems: before.problems };
  const after = setServer(before.text, from, to);
  if (!after.ok) return { problems: problemTexts(path, after) };
  return after.value === before.text
    ? { problems: [] }
    : { changed: plannedFile(path, before.file, withText(before.file, after.value)), problems: [] };
}

/** A unit that is down could not show afterwards that it is well. */
function reasonsAgainstReader({ reader }: Params, { unit }: Seen): readonly string[] {
  if (reader === undefined) return [];
  if (unit?.exists !== true) return [`${reader.unit}: there is no such unit`];
  return unit.active === 'active' ? [] : [`${reader.unit}: it is ${unit.active} (${unit.sub}), so that it could not be seen to work afterwards`];
}

function planChange({ to, reader }: Params, { unit, mark }: Seen, files: readonly PlannedFile[]): Planned {
  const diffs = files.map(({ path, original, content }) => diffOf(path, original?.bytes.toString('utf8'), content?.bytes.toString('utf8')));
  if (reader === undefined || unit === undefined) return { is: 'change', change: { files, readers: [], detail: {} }, diffs };
  const readers = [{ unit: reader.unit, invocationBefore: unit.invocationId }];
  return { is: 'change', change: { files, readers, detail: { mark: planMark(reader.unit, mark, to, unit.invocationId) } }, diffs };
}

const markOf = ({ detail }: Change): Mark | undefined => v.parse(v.optional(MarkSchema), detail['mark']);

async function startedSince(host: HostReader, { readers }: Change, unit: string): Promise<boolean> {
  const before = readers.find((reader) => reader.unit === unit)?.invocationBefore;
  return before !== undefined && (await host.unit(unit)).invocationId !== before;
}
