/**
 * A host in a folder: real files, written by the functions that write them on a real host, and units that outlive the process because they
 * are a file too. Starting a unit gives it a new invocation and what its files hold now; every start and reload is noted with what was read.
 * Waiting moves the clock and takes no time.
 */
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import type { Deadlines } from '@reberth/agent/deadline/deadlines.ts';
import { vrrpInstances } from '@reberth/agent/formats/keepalived.ts';
import type { FileState, HostWriter } from '@reberth/agent/host/host.ts';
import { listFolder, readState, removeState, tidyState, writeStates } from '@reberth/agent/host/linux/files.ts';

export interface Unit {
  readonly invocationId: string;
  /** Path → content when it was started or reloaded. */
  readonly loaded: Readonly<Record<string, string>>;
}

export interface Effect {
  readonly unit: string;
  readonly verb: 'restart' | 'reload';
  readonly loaded: Readonly<Record<string, string>>;
}

/** What each unit reads. */
export type UnitFiles = Readonly<Record<string, readonly string[]>>;

export const rootOf = (folder: string): string => join(folder, 'root');
const unitsFile = (folder: string): string => join(folder, 'units.json');
const effectsFile = (folder: string): string => join(folder, 'effects.jsonl');

export const unitsIn = (folder: string): Readonly<Record<string, Unit>> => JSON.parse(readFileSync(unitsFile(folder), 'utf8'));

export const effectsIn = (folder: string): readonly Effect[] =>
  existsSync(effectsFile(folder))
    ? readFileSync(effectsFile(folder), 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line))
    : [];

const timersFile = (folder: string): string => join(folder, 'timers.json');
export const timersIn = (folder: string): readonly string[] =>
  existsSync(timersFile(folder)) ? JSON.parse(readFileSync(timersFile(folder), 'utf8')) : [];

/** Timers of a host that was not started anew; they outlive the agent, and in a trial none of them rings. */
export function sandboxDeadlines(folder: string): Deadlines {
  const set = (tokens: readonly string[]): void => writeFileSync(timersFile(folder), JSON.stringify(tokens));
  const others = (token: string): readonly string[] => timersIn(folder).filter((each) => each !== token);
  return {
    now: async () => ({ boot: 'boot', uptimeMs: Math.round(uptime() * 1000) }),
    arm: async (token) => set([...others(token), token]),
    disarm: async (token) => set(others(token)),
    armed: async () => timersIn(folder),
  };
}

export function startAll(folder: string, files: UnitFiles): void {
  const units = Object.entries(files).map(([name, paths]) => [name, { invocationId: 'i1', loaded: read(folder, paths) }]);
  writeFileSync(unitsFile(folder), JSON.stringify(Object.fromEntries(units)));
}

const read = (folder: string, paths: readonly string[]): Record<string, string> =>
  Object.fromEntries(paths.map((path) => [path, readFileSync(join(rootOf(folder), path), 'utf8')]));

/** Other programs would meet the old state or the new one. */
function put(folder: string, name: string, verb: Effect['verb'], unit: Unit): void {
  const next = { ...unitsIn(folder), [name]: unit };
  appendFileSync(effectsFile(folder), `${JSON.stringify({ unit: name, verb, loaded: unit.loaded })}\n`);
  writeFileSync(`${unitsFile(folder)}.new`, JSON.stringify(next));
  renameSync(`${unitsFile(folder)}.new`, unitsFile(folder));
}

export function sandboxHost(folder: string, files: UnitFiles, served: Readonly<Record<string, string>>): HostWriter {
  const at = (path: string): string => join(rootOf(folder), path);
  const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
  const mine = (file: FileState): FileState => ({ ...file, ...own });
  let waitedMs = 0;
  const known = (name: string): Unit => {
    const unit = unitsIn(folder)[name];
    if (unit === undefined) throw new Error(`Unit ${name} not found.`);
    return unit;
  };
  const startAgain = (name: string): void => {
    const starts = Number(known(name).invocationId.slice(1));
    put(folder, name, 'restart', { invocationId: `i${starts + 1}`, loaded: read(folder, files[name] ?? []) });
  };
  return {
    // Everything is root's here, whoever runs the test.
    readFile: async (path) => {
      const file = await readState(at(path));
      return file === undefined ? undefined : { ...file, uid: 0, gid: 0 };
    },
    list: (path) => listFolder(at(path)),
    unit: async (name) => {
      const unit = unitsIn(folder)[name];
      if (unit === undefined) return { name, exists: false, active: 'inactive', sub: 'dead', invocationId: '', canReload: false };
      return { name, exists: true, active: 'active', sub: 'running', invocationId: unit.invocationId, canReload: true };
    },
    addresses: async () =>
      Object.values(unitsIn(folder)).flatMap(({ loaded }) =>
        Object.entries(loaded).flatMap(([path, text]) => {
          const instances = path.endsWith('keepalived.conf') ? vrrpInstances(text) : undefined;
          return instances?.ok === true
            ? instances.value.flatMap(({ addresses }) => addresses.map(({ address }) => ({ networkInterface: 'eth0', address })))
            : [];
        }),
      ),
    check: async () => ({ available: false, problems: [] }),
    http: async () => ({ status: 200, body: 'ok', why: '' }),
    tls: async (address, port) => {
      const path = served[`${address}:${port}`] ?? '';
      const certificatePem = Object.values(unitsIn(folder)).flatMap(({ loaded }) => loaded[path] ?? [])[0] ?? '';
      return { connected: certificatePem !== '', why: certificatePem === '' ? 'connect ECONNREFUSED' : '', certificatePem };
    },
    nowMs: () => Date.now() + waitedMs,
    sleep: async (ms) => {
      waitedMs += ms;
    },
    writeFile: (path, file) => writeStates([{ path: at(path), file: mine(file) }]),
    writeFiles: (all) => writeStates(all.map(({ path, file }) => ({ path: at(path), file: mine(file) }))),
    removeFile: (path) => removeState(at(path)),
    tidy: (path) => tidyState(at(path)),
    announce: async () => undefined,
    reloadUnit: async (name) => put(folder, name, 'reload', { ...known(name), loaded: read(folder, files[name] ?? []) }),
    restartUnit: async (name) => startAgain(name),
  };
}
