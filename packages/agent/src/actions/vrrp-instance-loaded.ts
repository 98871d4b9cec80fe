/**
 * Puts the staged keepalived.conf in place, has keepalived read it by a reload (a restart would drop the address for ten seconds), and
 * looks at the interface: what was held is still held, what was removed is gone. What is held is then announced to the segment again: a
 * neighbour that was led to the other load balancer for a moment has no other reason to come back.
 *
 * A reload leaves no trace that could be read later, so the staged file is the witness: it goes only after the reload, and on the way
 * back it returns only after the reload.
 *
 *   file old, staged there   before          file new, staged gone   after
 *   file new, staged there   perhaps loaded  file old, staged gone   perhaps not yet taken back
 */
import * as v from 'valibot';
import { diffOf } from '../formats/diff.ts';
import { problemText } from '../formats/parsed.ts';
import type { FileState, HostWriter, UnitState } from '../host/host.ts';
import { type Change, defineAction, type Planned, type PlannedFile, type Standing } from './action.ts';
import { filesStanding, mustBeOurs, plannedFile, problemTexts, putContent, putOriginal, textOf, withText } from './files.ts';
import { mustBe } from './health.ts';
import { addressesSettle, heldOn } from './held-addresses.ts';
import { shortUnit, UnitSchema } from './params.ts';
import { AddressSchema, changedText, changeWords, isStagedBeside, STAGED_BESIDE, vrrpFileEntries } from './vrrp-change.ts';

const ParamsSchema = v.pipe(
  v.object({
    ...vrrpFileEntries,
    unit: UnitSchema,
    networkInterface: v.pipe(v.string(), v.regex(/^[^\s/]{1,15}$/, 'must be the name of an interface')),
    address: AddressSchema,
    keep: v.array(AddressSchema),
  }),
  v.check((params) => isStagedBeside(params), STAGED_BESIDE),
);
type Params = v.InferOutput<typeof ParamsSchema>;

interface Seen {
  readonly file: FileState | undefined;
  readonly staged: FileState | undefined;
  readonly unit: UnitState;
  readonly held: readonly string[];
}

/** Which of the addresses that matter the interface had before. */
const DetailSchema = v.object({ heldBefore: v.array(v.string()) });

export const vrrpInstanceLoaded = defineAction<Params, Seen>({
  kind: 'vrrp-instance-loaded',
  version: 1,
  risk: 'connectivity',
  params: ParamsSchema,
  title: ({ file, unit, change }) => `have ${shortUnit(unit)} read ${file} ${changeWords(change)}`,
  touches: ({ file, staged, unit, networkInterface, address, keep }) => [
    `file:${file}`,
    `file:${staged}`,
    `unit:${unit}`,
    ...[...new Set([address, ...keep])].map((held) => `addr:${networkInterface}/${held}`),
  ],

  async inspect(host, { file, staged, unit, networkInterface }) {
    return {
      file: await host.readFile(file),
      staged: await host.readFile(staged),
      unit: await host.unit(unit),
      held: await heldOn(host, networkInterface),
    };
  },

  plan(params, seen) {
    const before = textOf(params.file, seen.file);
    if (!before.ok) return { is: 'refuse', problems: before.problems };
    const after = changedText(before.text, params.change);
    if (!after.ok) return { is: 'refuse', problems: problemTexts(params.file, after) };
    if (after.value === before.text) return alreadyInFile(params, seen);
    const content = withText(before.file, after.value);
    const problems = reasonsAgainst(params, seen, content);
    if (problems.length > 0) return { is: 'refuse', problems };
    const heldBefore = [...params.keep, params.address].filter((address) => seen.held.includes(address));
    const files = [plannedFile(params.file, before.file, content), plannedFile(params.staged, seen.staged, undefined)];
    const readers = [{ unit: params.unit, invocationBefore: seen.unit.invocationId }];
    return { is: 'change', change: { files, readers, detail: { heldBefore } }, diffs: [diffOf(params.file, before.text, after.value)] };
  },

  async compare(host, change, params) {
    const standing = await filesStanding(host, change.files);
    if (standing !== 'before' && standing !== 'after') return standing;
    const holds = (await heldOn(host, params.networkInterface)).includes(params.address);
    return contradicts(standing, holds, change, params) ? 'between' : standing;
  },

  async apply(host, change, params) {
    const standing = await filesStanding(host, change.files);
    if (standing === 'after') return;
    const { file, staged } = pick(change);
    await mustBeOurs(host, change.files);
    // The witness must be there before the file changes; a half-finished way back may have left it away.
    await putOriginal(host, [staged]);
    await putContent(host, [file]);
    await host.reloadUnit(params.unit);
    await announceHeld(host, params);
    await putContent(host, [staged]);
  },

  async verify(host, change, params) {
    const standing = await filesStanding(host, change.files);
    if (standing !== 'after') return { ok: false, why: `${params.file} is not as written (${standing})` };
    const adds = params.change.op === 'add';
    const kept = params.keep.filter((address) => heldBefore(change).includes(address) && (adds || address !== params.address));
    return addressesSettle(host, { ...params, held: kept, gone: adds ? [] : [params.address] });
  },

  async undo(host, change, params) {
    if ((await vrrpInstanceLoaded.compare(host, change, params)) === 'before') return;
    const { file, staged } = pick(change);
    await mustBeOurs(host, change.files);
    // Without the witness first: while it is away, nobody takes an old file for a loaded one.
    await putContent(host, [staged]);
    await putOriginal(host, [file]);
    await readAgain(host, params.unit);
    const adds = params.change.op === 'add';
    const held = heldBefore(change).filter((address) => address !== params.address);
    const gone = adds && !heldBefore(change).includes(params.address) ? [params.address] : [];
    mustBe(await addressesSettle(host, { ...params, held, gone }), `take ${params.unit} back`);
    await announceHeld(host, params);
    await putOriginal(host, [staged]);
  },
});

/** The change made the file so; that keepalived runs it can be seen only where an address should have gone. */
function alreadyInFile({ file, change, address, networkInterface }: Params, { held }: Seen): Planned {
  if (change.op === 'remove' && held.includes(address))
    return { is: 'refuse', problems: [`${file}: no instance ${change.name} in it, and yet ${networkInterface} holds ${address}`] };
  return { is: 'noop', why: `${file} is so already` };
}

function reasonsAgainst(
  { staged, unit: name, change, address, networkInterface }: Params,
  { staged: found, unit, held }: Seen,
  content: FileState,
): readonly string[] {
  const notStaged =
    found === undefined
      ? 'it is not there; it is staged first'
      : found.bytes.equals(content.bytes)
        ? ''
        : 'it is not what the change makes of the present file';
  return [
    ...(notStaged === '' ? [] : [problemText(staged, { line: 0, message: notStaged })]),
    ...(unit.active === 'active' ? [] : [`${name}: it is ${unit.exists ? unit.active : 'not installed'}`]),
    ...(unit.active === 'active' && !unit.canReload ? [`${name}: it cannot reload, and a restart would drop the address`] : []),
    ...(change.op === 'add' && held.includes(address)
      ? [`${address}: ${networkInterface} holds it already, and no instance in the file says so`]
      : []),
  ];
}

/** A file that looks one way while the interface shows the other. A backup holds nothing either way. */
function contradicts(standing: Standing, holds: boolean, change: Change, params: Params): boolean {
  if (!holds) return false;
  return params.change.op === 'add' ? standing === 'before' && !heldBefore(change).includes(params.address) : standing === 'after';
}

async function announceHeld(host: HostWriter, { networkInterface, address, keep }: Params): Promise<void> {
  const held = await heldOn(host, networkInterface);
  for (const ours of new Set([...keep, address])) if (held.includes(ours)) await host.announce(networkInterface, ours);
}

const heldBefore = ({ detail }: Change): readonly string[] => v.parse(DetailSchema, detail).heldBefore;

function pick({ files }: Change): { readonly file: PlannedFile; readonly staged: PlannedFile } {
  const [file, staged] = files;
  if (file === undefined || staged === undefined) throw new Error('internal error: the change lacks a file');
  return { file, staged };
}

/** A unit that did not survive the new file is started; one that runs only reads. */
async function readAgain(host: HostWriter, unit: string): Promise<void> {
  const { active } = await host.unit(unit);
  if (active === 'active') await host.reloadUnit(unit);
  else await host.restartUnit(unit);
}
