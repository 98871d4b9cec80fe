/**
 * A host with files and one service that reads one of them when it starts, an action that changes both, and a disk; any of their calls can be
 * the last before the power goes. What survives is what the maps hold.
 */
import { type Change, defineAction, type StoredFile } from '@reberth/agent/actions/action.ts';
import type { Deadlines } from '@reberth/agent/deadline/deadlines.ts';
import { createMemoryDeadlines, type MemoryDeadlines } from '@reberth/agent/deadline/memory-deadlines.ts';
import type { HostReader, HostWriter, UnitState } from '@reberth/agent/host/host.ts';
import { openJournal } from '@reberth/agent/journal/journal.ts';
import { createMemoryStorage, type MemoryStorage } from '@reberth/agent/journal/memory-storage.ts';
import type { Storage } from '@reberth/agent/journal/storage.ts';
import { createRunner, type Runner } from '@reberth/agent/runner/runner.ts';
import type { Ask } from '@reberth/protocol/ask.ts';
import { sha256 } from '@reberth/protocol/canonical.ts';
import { digestOf, hostId, rolloutId, stepId } from '@reberth/protocol/ids.ts';
import * as v from 'valibot';

export const FILE = '/etc/app.conf';
export const UNIT = 'app.service';

export class Crash extends Error {}

/** Called around every call; `effect` does it. */
export type Around = <T>(name: string, effect: () => Promise<T>) => Promise<T>;

export const straight: Around = (_name, effect) => effect();

export interface World {
  readonly files: Map<string, StoredFile>;
  /** What the service read when it started last. */
  running: string;
  starts: number;
  readonly storage: MemoryStorage;
  readonly deadlines: MemoryDeadlines;
  /** What the wall clock is off by. */
  clockOffMs: number;
}

export const file = (text: string, mode = 0o644): StoredFile => ({ bytes: Buffer.from(text), mode, uid: 0, gid: 0 });

export const newWorld = (): World => ({
  files: new Map([[FILE, file('old')]]),
  running: 'old',
  starts: 1,
  storage: createMemoryStorage(),
  deadlines: createMemoryDeadlines(),
  clockOffMs: 0,
});

export const textOf = (world: World, path = FILE): string | undefined => world.files.get(path)?.bytes.toString();

export function hostOf(world: World, around: Around = straight): HostWriter {
  let now = 1_000;
  const unit = (): UnitState => ({
    name: UNIT,
    exists: true,
    active: 'active',
    sub: 'running',
    invocationId: `start-${world.starts}`,
    canReload: false,
  });
  const unprepared = (name: string) => async () => {
    throw new Error(`the test has no ${name}`);
  };
  return {
    readFile: (path) => around('readFile', async () => world.files.get(path)),
    unit: () => around('unit', async () => unit()),
    writeFile: (path, content) =>
      around('writeFile', async () => {
        world.files.set(path, content);
      }),
    removeFile: (path) =>
      around('removeFile', async () => {
        world.files.delete(path);
      }),
    restartUnit: () =>
      around('restartUnit', async () => {
        world.starts += 1;
        world.running = textOf(world) ?? '';
      }),
    list: async () => [...world.files.keys()].map((path) => path.split('/').at(-1) ?? ''),
    addresses: async () => [],
    check: async () => ({ available: true, problems: [] }),
    http: unprepared('http'),
    tls: unprepared('tls'),
    writeFiles: unprepared('writeFiles'),
    reloadUnit: unprepared('reloadUnit'),
    announce: unprepared('announce'),
    nowMs() {
      now += 1;
      return now + world.clockOffMs;
    },
    sleep: async () => undefined,
  };
}

export function storageOf({ storage }: World, around: Around = straight): Storage {
  return {
    read: () => around('read', () => storage.read()),
    append: (text) => around('append', () => storage.append(text)),
    truncate: (length) => around('truncate', () => storage.truncate(length)),
    putBlob: (bytes) => around('putBlob', () => storage.putBlob(bytes)),
    getBlob: (digest) => around('getBlob', () => storage.getBlob(digest)),
    replace: (content) => around('replace', () => storage.replace(content)),
    keepBlobs: (wanted) => around('keepBlobs', () => storage.keepBlobs(wanted)),
  };
}

export function deadlinesOf({ deadlines }: World, around: Around = straight): Deadlines {
  return {
    now: () => around('now', () => deadlines.now()),
    arm: (token, inMs) => around('arm', () => deadlines.arm(token, inMs)),
    disarm: (token) => around('disarm', () => deadlines.disarm(token)),
    armed: () => around('armed', () => deadlines.armed()),
  };
}

interface Params {
  readonly file: string;
  readonly to: string;
  readonly secret?: boolean | undefined;
}

const look = async (host: HostReader, params: Params) => ({ file: await host.readFile(params.file), unit: await host.unit(UNIT) });

/** What the service was started to read last: the file alone does not tell. */
const MARK = '/run/app.loaded';

/** Writes a file, then starts the service again. `secret`: the content is made on the host, from an input. */
export const settingChanged = defineAction<Params, Awaited<ReturnType<typeof look>> & { readonly inputs: Readonly<Record<string, string>> }>({
  kind: 'setting-changed',
  version: 1,
  risk: 'service',
  params: v.object({ file: v.string(), to: v.string(), secret: v.optional(v.boolean()) }),
  title: ({ file: path, to }) => `set ${path} to ${to}`,
  touches: ({ file: path }) => [`file:${path}`, `unit:${UNIT}`],
  inspect: async (host, params, inputs) => ({ ...(await look(host, params)), inputs }),
  plan({ file: path, to, secret = false }, seen) {
    const text = seen.file?.bytes.toString();
    if (text === 'strange') return { is: 'refuse', problems: [`${path}:1: holds strange`] };
    if (text === to) return { is: 'noop', why: 'so already' };
    const made = seen.inputs.made;
    const content = secret && made === undefined ? undefined : file(made ?? to, seen.file?.mode ?? 0o600);
    const change: Change = {
      files: [
        {
          path,
          before: seen.file === undefined ? 'absent' : sha256(seen.file.bytes),
          after: content === undefined ? 'made-on-host' : sha256(content.bytes),
          content,
          original: seen.file,
        },
      ],
      readers: [{ unit: UNIT, invocationBefore: seen.unit.invocationId }],
      detail: {},
    };
    return { is: 'change', change, diffs: [{ path, diff: `-${text}\n+${to}` }] };
  },
  async compare(host, { files: [only] }, params) {
    const text = (await host.readFile(params.file))?.bytes.toString();
    const mark = (await host.readFile(MARK))?.bytes.toString();
    if (text === only?.original?.bytes.toString()) return mark === undefined ? 'before' : 'between';
    if (text !== only?.content?.bytes.toString()) return 'foreign';
    return mark === 'done' ? 'after' : 'between';
  },
  async apply(host, { files: [only] }, params) {
    await host.writeFile(MARK, file('doing'));
    if (only?.content !== undefined) await host.writeFile(params.file, only.content);
    await host.restartUnit(UNIT);
    await host.writeFile(MARK, file('done'));
  },
  async verify(host, change, params) {
    const text = (await host.readFile(params.file))?.bytes.toString();
    if (text === 'broken') return { ok: false, why: 'the service does not answer' };
    return { ok: true, outputs: { made: change.files[0]?.after ?? '' } };
  },
  async undo(host, { files: [only], readers: [reader] }, params) {
    await host.writeFile(MARK, file('doing'));
    if (only?.original === undefined) await host.removeFile(params.file);
    else await host.writeFile(params.file, only.original);
    const { invocationId } = await host.unit(UNIT);
    if (invocationId !== reader?.invocationBefore) await host.restartUnit(UNIT);
    await host.removeFile(MARK);
  },
});

export const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

export async function runnerOn(world: World, around: Around = straight): Promise<Runner> {
  const journal = await openJournal(storageOf(world, around), quiet);
  const actionFor = (kind: string, version: number) => (kind === settingChanged.kind && version === 1 ? settingChanged : undefined);
  return createRunner({
    self: hostId('192.0.2.44'),
    host: hostOf(world, around),
    journal,
    deadlines: deadlinesOf(world, around),
    actionFor,
    log: quiet,
  });
}

export const PLAN = digestOf('d'.repeat(64));

export function askTo(operation: Ask['operation'], parts: Partial<Ask> = {}): Ask {
  const params = parts.params ?? { file: FILE, to: 'new' };
  return {
    rollout: rolloutId('r-1'),
    step: stepId('switch/app'),
    operation,
    attempt: 1,
    planDigest: PLAN,
    host: hostId('192.0.2.44'),
    epoch: 1,
    counter: 1,
    expiresAtMs: Number.MAX_SAFE_INTEGER,
    kind: 'setting-changed',
    version: 1,
    confirmWithinMs: 0,
    expect: [{ path: FILE, before: sha256('old'), after: sha256(String(params.to)) }],
    inputs: {},
    ...parts,
    params,
  };
}
