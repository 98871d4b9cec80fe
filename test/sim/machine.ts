/**
 * One simulated host: its disk and services in memory, and the real agent on it (door, runner, journal, marks), whose every call of the world
 * can be the last. What is on the disk survives the agent; what runs survives it too, but not the loss of power.
 */
import type { AgentConfig } from '@reberth/agent/config.ts';
import type { Deadlines } from '@reberth/agent/deadline/deadlines.ts';
import type { HostWriter } from '@reberth/agent/host/host.ts';
import type { MemoryHost } from '@reberth/agent/host/memory/memory-host.ts';
import { openJournal } from '@reberth/agent/journal/journal.ts';
import { openMarks } from '@reberth/agent/journal/marks.ts';
import { createMemoryStorage, type MemoryStorage } from '@reberth/agent/journal/memory-storage.ts';
import type { Storage } from '@reberth/agent/journal/storage.ts';
import { openDesk } from '@reberth/agent/link/desk.ts';
import type { LinkParts } from '@reberth/agent/link/link.ts';
import { createRunner, type Runner } from '@reberth/agent/runner/runner.ts';
import { isStorageFailure } from '@reberth/agent/runner/work.ts';
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { messageOf } from '@reberth/protocol/errors.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import { ADDRESS_UNIT, actionFor } from './actions.ts';
import type { Chance } from './chance.ts';
import { APP, CACHE } from './fleet.ts';
import type { Deed, History } from './history.ts';
import { type Fate, type Process, startProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';
import type { Seams } from './seams.ts';
import { codec, type SimWire, signingKey } from './wire.ts';

export interface Machine {
  readonly disk: MemoryHost;
  readonly storage: MemoryStorage;
  isUp(): boolean;
  /** Starts the agent, and the machine when it is without power. Up already is fine. */
  boot(): void;
  kill(why: string): void;
  /** The power goes; it stays away until `boot`. */
  powerOff(): void;
}

export interface MachineParts {
  readonly host: string;
  readonly disk: MemoryHost;
  readonly scheduler: Scheduler;
  readonly history: History;
  readonly wire: SimWire;
  readonly chance: Chance;
  readonly seams: Seams;
  fate(point: string): Fate;
}

/** What of a machine outlives its agent: the disk, and for how long it has been up. */
interface Body {
  readonly storage: MemoryStorage;
  marks: string | undefined;
  boots: number;
  bootedAtMs: number;
  /** Asks taken so far. */
  deeds: number;
}

const TRY_AGAIN_MS = 5_000;
const CHANGES = new Set(['writeFile', 'writeFiles', 'removeFile', 'reloadUnit', 'restartUnit']);
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

export function createMachine(parts: MachineParts): Machine {
  const { host, disk, scheduler, history, wire, chance, fate } = parts;
  const body: Body = { storage: createMemoryStorage(), marks: undefined, boots: 1, bootedAtMs: scheduler.nowMs(), deeds: 0 };
  let process: Process | undefined;
  let powered = true;

  const died = (why: string): void => {
    wire.disconnect(host);
    history.add({ is: 'fault', text: `${host}: agent killed ${why}` });
    if (powered) scheduler.at(chance.between(500, 15_000), boot);
  };
  function boot(): void {
    if (process?.isAlive()) return;
    if (!powered) {
      powerOn(disk);
      Object.assign(body, { boots: body.boots + 1, bootedAtMs: scheduler.nowMs() });
    }
    powered = true;
    const started = startProcess({ name: host, scheduler, fate, died });
    process = started;
    serve(parts, started, body).catch((error: unknown) => started.kill(`by its own hand: ${messageOf(error)}`));
  }
  return {
    ...{ disk, storage: body.storage, boot },
    isUp: () => powered && process?.isAlive() === true,
    kill: (why) => process?.kill(why),
    powerOff() {
      powered = false;
      history.add({ is: 'fault', text: `${host}: power is gone` });
      process?.kill('by loss of power');
    },
  };
}

/** After the loss of power: what is under /run is gone, and every service starts on what lies on the disk. */
function powerOn(disk: MemoryHost): void {
  for (const path of Object.keys(disk.snapshot().files)) if (path.startsWith('/run/')) disk.hand.remove(path);
  for (const unit of [APP, CACHE, ADDRESS_UNIT]) disk.hand.restart(unit);
}

/** As `reberth-agent serve` puts it together: what was begun is ended before the first ask is taken. */
async function serve(parts: MachineParts, process: Process, body: Body): Promise<void> {
  const { host, history, wire, seams } = parts;
  const hand: { deed: Deed | undefined } = { deed: undefined };
  const writer = hostFor(parts, process, () => hand.deed);
  const journal = seams.journal(await openJournal(seams.storage(storageFor(parts, process, body.storage)), quiet));
  const marks = seams.marks(
    await openMarks({
      read: () => process.call('marks.read', () => body.marks),
      replace: (text) =>
        process.call('marks.replace', () => {
          body.marks = text;
        }),
    }),
  );
  const deadlines = deadlinesFor(parts, process, body, () => void takeBackOverdue(parts, process, runner));
  const runner: Runner = seams.runner(createRunner({ self: hostId(host), host: writer, journal, deadlines, actionFor, log: quiet }));
  history.add({ is: 'recovering', host });
  await runner.recover();
  history.add({ is: 'recovered', host });
  const desk = openDesk(
    {
      config: { host } as AgentConfig,
      perform: (ask) => perform(parts, process, runner, body, hand, ask),
      answer: () => Promise.reject(new Error('nobody asks')),
      marks,
      isKnown: (ask) => runner.isKnown(ask),
      log: doorLog(parts),
      nowMs: parts.scheduler.nowMs,
    } satisfies LinkParts,
    codec,
    (report) => process.enter(() => wire.report(codec.encodeReport(report), host)),
  );
  wire.attach(host, (bytes, fetched) => process.enter(() => desk.take({ bytes, fetched, signingKey })));
  wire.connect(host);
}

async function perform(
  { host, history }: MachineParts,
  process: Process,
  runner: Runner,
  body: Body,
  hand: { deed: Deed | undefined },
  ask: Ask,
): Promise<Report> {
  const { step, operation, attempt, epoch, counter, params } = ask;
  body.deeds += 1;
  const deed: Deed = { step, operation, attempt, epoch, counter, n: body.deeds };
  hand.deed = deed;
  history.add({ is: 'performed', host, deed, params });
  try {
    const report = await runner.perform(ask);
    history.add({ is: 'over', host, deed, report });
    return report;
  } catch (error) {
    // As the real program does: a journal that takes no write ends it.
    if (isStorageFailure(error)) process.kill(`by its own hand: ${messageOf(error)}`);
    throw error;
  } finally {
    hand.deed = undefined;
  }
}

/** What the door says of asks that it does not let in. */
function doorLog({ host, history }: MachineParts): LinkParts['log'] {
  const say = (fields: object, message: string): void =>
    history.add({ is: 'door', host, text: `${message}${'why' in fields ? `: ${String(fields.why)}` : ''}` });
  return { info: () => undefined, warn: say, error: say };
}

/** The host looks when a deadline is over; what cannot be taken back is tried again. */
async function takeBackOverdue(parts: MachineParts, process: Process, runner: Runner): Promise<void> {
  try {
    const reports = await runner.takeBackOverdue();
    for (const { step, outcome, why } of reports)
      parts.history.add({ is: 'note', text: `${parts.host}: ${step} was not confirmed in time: ${outcome}${why === '' ? '' : `: ${why}`}` });
    if (reports.every(({ outcome }) => outcome === 'undone')) return;
    await process.sleep(TRY_AGAIN_MS);
    await takeBackOverdue(parts, process, runner);
  } catch (error) {
    process.kill(`by its own hand: ${messageOf(error)}`);
  }
}

function deadlinesFor({ scheduler }: MachineParts, process: Process, body: Body, ring: () => void): Deadlines {
  const armed = new Set<string>();
  const calls: Deadlines = {
    now: async () => ({ boot: `boot-${body.boots}`, uptimeMs: scheduler.nowMs() - body.bootedAtMs }),
    arm: async (token, inMs) => {
      armed.add(token);
      scheduler.at(inMs + 50, () => process.enter(() => armed.has(token) && ring()));
    },
    disarm: async (token) => void armed.delete(token),
    armed: async () => [...armed],
  };
  return through(calls, (name, _args, effect) => process.call(`deadlines.${name}`, effect)) as Deadlines;
}

/** Every function of a part, found by itself, goes through the process. */
function through<T extends object>(part: T, around: (name: string, args: readonly unknown[], effect: () => unknown) => unknown): T {
  const wrapped = Object.entries(part).map(([name, value]): [string, unknown] => [
    name,
    typeof value === 'function' ? (...args: unknown[]) => around(name, args, () => (value as (...all: unknown[]) => unknown)(...args)) : value,
  ]);
  return Object.fromEntries(wrapped) as T;
}

function hostFor({ host, disk, scheduler, history, chance }: MachineParts, process: Process, deed: () => Deed | undefined): HostWriter {
  const { nowMs: _, sleep: __, calls: ___, crashAt, open, snapshot, hand, ...rest } = disk;
  const calls = through(rest, (name, args, effect) => {
    const on = String(typeof args[0] === 'string' ? args[0] : '');
    if (!CHANGES.has(name)) return process.call(`${name} ${on}`, effect);
    return process.call(
      `${name} ${on}`,
      () => {
        history.add({ is: 'effect', host, call: name, on, deed: deed() });
        return effect();
      },
      { latencyMs: chance.between(1, name === 'restartUnit' ? 2_000 : 20) },
    );
  });
  // One after another, as renames are: a crash in between leaves the first ones.
  const writeFiles: HostWriter['writeFiles'] = async (files) => {
    for (const { path, file } of files) await calls.writeFile(path, file);
  };
  return { ...calls, writeFiles, nowMs: scheduler.nowMs, sleep: (ms) => process.sleep(ms) };
}

function storageFor({ chance }: MachineParts, process: Process, storage: MemoryStorage): Storage {
  const { content: _, blobs: __, ...calls } = storage;
  return through(calls, (name, args, effect) => {
    const tear = name === 'append' ? () => void storage.append(String(args[0]).slice(0, 20)) : undefined;
    const latencyMs = name === 'append' ? chance.between(1, 10) : 0;
    return process.call(`storage.${name}`, effect as () => Promise<unknown>, { latencyMs, ...(tear === undefined ? {} : { tear }) });
  });
}
