/** The kinds of change that simulated plans are made of: two real ones, and two small ones for what would need real certificates or keepalived. */
import { type Action, defineAction } from '@reberth/agent/actions/action.ts';
import { filesStanding, plannedFile, putContent, putOriginal, verifyFiles } from '@reberth/agent/actions/files.ts';
import { kubeconfigServer } from '@reberth/agent/actions/kubeconfig-server.ts';
import { unitRestarted } from '@reberth/agent/actions/unit-restarted.ts';
import type { FileState, HostReader } from '@reberth/agent/host/host.ts';
import * as v from 'valibot';

export const ADDRESS_UNIT = 'address.service';
export const NEW_ADDRESS = '192.0.2.40';

/** Content is `to`, or what an earlier step made. `asks`: hands out a request for a signature. */
const FileSchema = v.object({ path: v.string(), to: v.string(), input: v.optional(v.string()), asks: v.optional(v.boolean()) });

export const fileHolds = defineAction<v.InferOutput<typeof FileSchema>, { readonly file: FileState | undefined; readonly input: string | undefined }>(
  {
    kind: 'sim-file',
    version: 1,
    risk: 'local',
    params: FileSchema,
    title: ({ path }) => `write ${path}`,
    touches: ({ path }) => [`file:${path}`],
    inspect: async (host, { path, input }, inputs) => ({ file: await host.readFile(path), input: input === undefined ? undefined : inputs[input] }),
    plan({ path, to, input }, seen) {
      if (input !== undefined && seen.input === undefined) return { is: 'refuse', problems: [`${path}: nothing was handed over for it`] };
      const text = seen.input ?? to;
      if (seen.file?.bytes.toString() === text) return { is: 'noop', why: 'so already' };
      const content = { bytes: Buffer.from(text), mode: 0o600, uid: 0, gid: 0 };
      return { is: 'change', change: { files: [plannedFile(path, seen.file, content, true)], readers: [], detail: {} }, diffs: [] };
    },
    compare: (host, { files }) => filesStanding(host, files),
    apply: (host, { files }) => putContent(host, files),
    async verify(host, { files }, { asks }) {
      const check = await verifyFiles(host, files);
      return check.ok && asks === true ? { ok: true, outputs: { csr: 'request' } } : check;
    },
    undo: (host, { files }) => putOriginal(host, files),
  },
);

const AddressSchema = v.object({ path: v.string(), to: v.string() });
const holds = async (host: HostReader): Promise<boolean> => (await host.addresses()).some(({ address }) => address === NEW_ADDRESS);

/** What can cut a host off: a file, and the service that holds an address by it. */
export const addressHeld = defineAction<v.InferOutput<typeof AddressSchema>, { readonly file: FileState | undefined }>({
  kind: 'sim-address',
  version: 1,
  risk: 'connectivity',
  params: AddressSchema,
  title: () => `hold ${NEW_ADDRESS}`,
  touches: ({ path }) => [`file:${path}`, `unit:${ADDRESS_UNIT}`],
  inspect: async (host, { path }) => ({ file: await host.readFile(path) }),
  plan({ path, to }, { file }) {
    if (file?.bytes.toString() === to) return { is: 'noop', why: 'so already' };
    const content = { bytes: Buffer.from(to), mode: 0o644, uid: 0, gid: 0 };
    return { is: 'change', change: { files: [plannedFile(path, file, content)], readers: [], detail: {} }, diffs: [] };
  },
  async compare(host, { files }) {
    const standing = await filesStanding(host, files);
    if (standing === 'foreign') return 'foreign';
    const held = await holds(host);
    if (standing === 'before' && !held) return 'before';
    return standing === 'after' && held ? 'after' : 'between';
  },
  async apply(host, { files }) {
    await putContent(host, files);
    await host.reloadUnit(ADDRESS_UNIT);
  },
  verify: async (host) => ((await holds(host)) ? { ok: true } : { ok: false, why: 'the address is not held' }),
  async undo(host, { files }) {
    await putOriginal(host, files);
    await host.reloadUnit(ADDRESS_UNIT);
  },
});

const ALL: readonly Action<never, never>[] = [fileHolds, addressHeld, kubeconfigServer, unitRestarted] as unknown as readonly Action<never, never>[];

export const actionFor = (kind: string, version: number): Action<unknown, unknown> | undefined =>
  ALL.find((action) => action.kind === kind && action.version === version) as Action<unknown, unknown> | undefined;
