/**
 * A host in memory for tests and rehearsals, with the promises of the real one: writes are atomic, a start gives a new invocation id,
 * waiting takes no time but moves the clock. It notes every call, and it can crash at any of them, before or after the effect.
 *
 * - After a crash every further call of that host object fails as well: the process is gone.
 * - `open` gives a new host object over the same state, as a restarted agent would find it.
 */
import type { FileState, HostWriter, UnitState } from '../host.ts';
import { type MemoryState, type MemoryUnit, passTime, type RunningUnit, reloadRunning, startUnit } from './state.ts';

export type { MemoryUnit, World } from './state.ts';

export interface MemoryHostOptions {
  readonly files?: Readonly<Record<string, string | (Partial<FileState> & { readonly text?: string })>>;
  readonly units?: Readonly<Record<string, MemoryUnit>>;
  /** Addresses that belong to nobody's script. */
  readonly addresses?: readonly { readonly networkInterface: string; readonly address: string }[];
  readonly check?: (
    program: 'keepalived' | 'haproxy',
    text: string | undefined,
    path: string,
  ) => { readonly available: boolean; readonly problems: readonly string[] };
  readonly nowMs?: number;
}

export interface Call {
  readonly name: keyof HostWriter;
  /** A path, a unit, a URL; empty where there is none. */
  readonly on: string;
  readonly changes: boolean;
}

export interface Snapshot {
  readonly files: Readonly<Record<string, { readonly content: string; readonly mode: number; readonly uid: number; readonly gid: number }>>;
  readonly units: Readonly<
    Record<string, { readonly active: string; readonly invocationId: string; readonly loaded: Readonly<Record<string, string>> }>
  >;
  readonly addresses: readonly string[];
}

export interface MemoryHost extends HostWriter {
  readonly calls: readonly Call[];
  /** Crashes at the n-th call from now, counted from 1. `writeFiles` counts once per file: the renames are not one deed. */
  crashAt(n: number, when: 'before' | 'after'): void;
  open(): MemoryHost;
  snapshot(): Snapshot;
  /** Another hand on the same disk; noted nowhere. */
  readonly hand: { write(path: string, text: string): void; remove(path: string): void; restart(unit: string): void };
}

export class Crash extends Error {
  constructor(where: string) {
    super(`the agent crashed ${where}`);
    this.name = 'Crash';
  }
}

const PLAIN = { mode: 0o644, uid: 0, gid: 0 } as const;

export function createMemoryHost({
  files = {},
  units = {},
  addresses = [],
  check,
  nowMs = Date.parse('2026-11-23T09:00:00Z'),
}: MemoryHostOptions = {}): MemoryHost {
  const state: MemoryState = { nowMs, starts: 0, files: new Map(), units: new Map(), addresses, timers: [] };
  for (const [path, file] of Object.entries(files)) state.files.set(path, stateOf(file));
  for (const [name, script] of Object.entries(units)) state.units.set(name, newUnit(script));
  for (const unit of state.units.values()) if (unit.script.stopped !== true) startUnit(state, unit);
  return openHost(state, check ?? (() => ({ available: false, problems: [] })));
}

function stateOf(file: string | (Partial<FileState> & { readonly text?: string })): FileState {
  if (typeof file === 'string') return { ...PLAIN, bytes: Buffer.from(file) };
  const { text = '', bytes = Buffer.from(text), mode = PLAIN.mode, uid = 0, gid = 0 } = file;
  return { bytes, mode, uid, gid };
}

const newUnit = (script: MemoryUnit): RunningUnit => ({
  script,
  active: 'inactive',
  sub: 'dead',
  invocationId: '',
  loaded: new Map(),
  http: new Map(),
  tls: new Map(),
  held: new Map(),
  turn: 0,
});

function openHost(state: MemoryState, check: NonNullable<MemoryHostOptions['check']>): MemoryHost {
  const calls: Call[] = [];
  let crash: { readonly atCall: number; readonly when: 'before' | 'after' } | undefined;
  let dead: Crash | undefined;

  const call = async <T>(name: keyof HostWriter, on: string, changes: boolean, effect: () => T): Promise<T> => {
    if (dead !== undefined) throw dead;
    calls.push({ name, on, changes });
    const due = crash?.atCall === calls.length ? crash.when : undefined;
    if (due !== undefined) dead = new Crash(`${due} ${name} ${on} (call ${calls.length})`);
    if (due === 'before') throw dead;
    const result = effect();
    if (due === 'after') throw dead;
    return result;
  };
  const running = (name: string): RunningUnit => {
    const unit = state.units.get(name);
    if (unit === undefined) throw new Error(`Unit ${name} not found.`);
    return unit;
  };
  const put = (path: string, file: FileState): void => void state.files.set(path, { ...file, bytes: Buffer.from(file.bytes) });

  return {
    calls,
    crashAt(n, when) {
      crash = { atCall: calls.length + n, when };
    },
    open: () => openHost(state, check),
    snapshot: () => snapshotOf(state),
    hand: {
      write: (path, text) => put(path, { ...(state.files.get(path) ?? PLAIN), bytes: Buffer.from(text) }),
      remove: (path) => void state.files.delete(path),
      restart: (name) => startUnit(state, running(name)),
    },

    readFile: (path) => call('readFile', path, false, () => state.files.get(path)),
    list: (path) => call('list', path, false, () => namesIn(state, path)),
    unit: (name) => call('unit', name, false, () => unitState(state, name)),
    addresses: (networkInterface) =>
      call('addresses', networkInterface ?? '', false, () =>
        heldIn(state).filter((held) => networkInterface === undefined || held.networkInterface === networkInterface),
      ),
    check: (program, path) => call('check', path, false, () => check(program, state.files.get(path)?.bytes.toString('utf8'), path)),
    http: (url) =>
      call('http', url, false, () => {
        const answer = [...state.units.values()].flatMap(({ http }) => http.get(url) ?? [])[0];
        return answer === undefined ? { status: 0, body: '', why: 'connect ECONNREFUSED' } : { ...answer, why: '' };
      }),
    tls: (address, port) =>
      call('tls', `${address}:${port}`, false, () => {
        const certificatePem = [...state.units.values()].flatMap(({ tls }) => tls.get(`${address}:${port}`) ?? [])[0];
        return certificatePem === undefined
          ? { connected: false, why: 'connect ECONNREFUSED', certificatePem: '' }
          : { connected: true, why: '', certificatePem };
      }),
    nowMs: () => state.nowMs,
    sleep: (ms) => call('sleep', String(ms), false, () => passTime(state, ms)),

    writeFile: (path, file) => call('writeFile', path, true, () => put(path, file)),
    async writeFiles(files) {
      for (const { path, file } of files) await call('writeFiles', path, true, () => put(path, file));
    },
    removeFile: (path) => call('removeFile', path, true, () => void state.files.delete(path)),
    reloadUnit: (name) =>
      call('reloadUnit', name, true, () => {
        const unit = running(name);
        if (unit.active !== 'active' || unit.script.canReload !== true) throw new Error(`Job type reload is not applicable for unit ${name}.`);
        reloadRunning(state, unit);
      }),
    announce: (networkInterface, address) => call('announce', `${networkInterface}/${address}`, true, () => undefined),
    restartUnit: (name) => call('restartUnit', name, true, () => startUnit(state, running(name))),
  };
}

function unitState(state: MemoryState, name: string): UnitState {
  const unit = state.units.get(name);
  if (unit === undefined) return { name, exists: false, active: 'inactive', sub: 'dead', invocationId: '', canReload: false };
  return { name, exists: true, active: unit.active, sub: unit.sub, invocationId: unit.invocationId, canReload: unit.script.canReload ?? false };
}

const heldIn = (state: MemoryState): readonly { readonly networkInterface: string; readonly address: string }[] => [
  ...state.addresses,
  ...[...state.units.values()].flatMap(({ held }) =>
    [...held].flatMap(([networkInterface, held]) => held.map((address) => ({ networkInterface, address }))),
  ),
];

function namesIn(state: MemoryState, folder: string): readonly string[] {
  const inside = [...state.files.keys()].filter((path) => path.startsWith(`${folder}/`));
  return [...new Set(inside.map((path) => path.slice(folder.length + 1).split('/')[0] ?? ''))].sort();
}

function snapshotOf(state: MemoryState): Snapshot {
  const sorted = <T>(entries: Iterable<readonly [string, T]>): Record<string, T> =>
    Object.fromEntries([...entries].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const text = (bytes: Buffer | undefined): string => bytes?.toString('latin1') ?? '(absent)';
  return {
    files: sorted([...state.files].map(([path, { bytes, mode, uid, gid }]) => [path, { content: text(bytes), mode, uid, gid }])),
    units: sorted(
      [...state.units].map(([name, { active, invocationId, loaded }]) => [
        name,
        { active, invocationId, loaded: sorted([...loaded].map(([path, bytes]) => [path, text(bytes)])) },
      ]),
    ),
    addresses: heldIn(state)
      .map(({ networkInterface, address }) => `${networkInterface} ${address}`)
      .sort(),
  };
}
