/**
 * What a host in memory consists of: files, units that run a script when they start, answers on the network, addresses, and a clock that
 * moves only when somebody waits. The state outlives the host object, as a disk outlives a process.
 */
import type { FileState } from '../host.ts';

export interface MemoryUnit {
  readonly canReload?: boolean;
  /** Runs at start. What it reads counts as loaded; if it throws, the unit has failed and says why. */
  readonly start?: (world: World) => void;
  /** Runs at reload; the same as `start` when it is left out. */
  readonly reload?: (world: World) => void;
  /** A unit that is not running when the host is made. */
  readonly stopped?: boolean;
}

/** What a unit's script may do. What it serves and holds ends when the unit is started again. */
export interface World {
  readonly nowMs: number;
  /** `undefined` when there is no such file. Remembered as what the unit has loaded. */
  read(path: string): string | undefined;
  answerHttp(url: string, status: number, body?: string): void;
  /** `place` is `address:port`; `undefined` refuses connections. */
  serveTls(place: string, certificatePem: string | undefined): void;
  /** Replaces what this unit holds on the interface. */
  hold(networkInterface: string, addresses: readonly string[]): void;
  /** Does something when that much time has passed, unless the unit was started or reloaded again. */
  later(ms: number, deed: (world: World) => void): void;
}

export interface RunningUnit {
  readonly script: MemoryUnit;
  active: string;
  sub: string;
  invocationId: string;
  /** Path → content as last read, `undefined` for absent. */
  loaded: Map<string, Buffer | undefined>;
  http: Map<string, { status: number; body: string }>;
  tls: Map<string, string>;
  held: Map<string, readonly string[]>;
  /** Grows with every start and reload; what was put off before belongs to an earlier one. */
  turn: number;
}

export interface MemoryState {
  nowMs: number;
  starts: number;
  readonly files: Map<string, FileState>;
  readonly units: Map<string, RunningUnit>;
  readonly addresses: readonly { readonly networkInterface: string; readonly address: string }[];
  readonly timers: { readonly atMs: number; readonly unit: RunningUnit; readonly turn: number; readonly deed: (world: World) => void }[];
}

export function startUnit(state: MemoryState, unit: RunningUnit): void {
  unit.http.clear();
  unit.tls.clear();
  unit.held.clear();
  unit.loaded.clear();
  state.starts += 1;
  unit.invocationId = state.starts.toString(16).padStart(32, '0');
  run(state, unit, unit.script.start);
}

export const reloadRunning = (state: MemoryState, unit: RunningUnit): void => run(state, unit, unit.script.reload ?? unit.script.start);

function run(state: MemoryState, unit: RunningUnit, script: MemoryUnit['start']): void {
  unit.turn += 1;
  try {
    script?.(worldOf(state, unit));
    unit.active = 'active';
    unit.sub = 'running';
  } catch (error) {
    unit.active = 'failed';
    unit.sub = 'failed';
    unit.http.clear();
    unit.tls.clear();
    unit.held.clear();
    throw error;
  }
}

function worldOf(state: MemoryState, unit: RunningUnit): World {
  return {
    nowMs: state.nowMs,
    read(path) {
      const bytes = state.files.get(path)?.bytes;
      unit.loaded.set(path, bytes);
      return bytes?.toString('utf8');
    },
    answerHttp: (url, status, body = '') => void unit.http.set(url, { status, body }),
    serveTls: (place, pem) => void (pem === undefined ? unit.tls.delete(place) : unit.tls.set(place, pem)),
    hold: (networkInterface, addresses) => void unit.held.set(networkInterface, addresses),
    later: (ms, deed) => void state.timers.push({ atMs: state.nowMs + ms, unit, turn: unit.turn, deed }),
  };
}

export function passTime(state: MemoryState, ms: number): void {
  const until = state.nowMs + Math.max(0, ms);
  for (;;) {
    const [next] = state.timers.filter(({ atMs }) => atMs <= until).toSorted((a, b) => a.atMs - b.atMs);
    if (next === undefined) break;
    state.timers.splice(state.timers.indexOf(next), 1);
    state.nowMs = Math.max(state.nowMs, next.atMs);
    if (next.turn === next.unit.turn) next.deed(worldOf(state, next.unit));
  }
  state.nowMs = until;
}
