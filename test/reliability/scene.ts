/**
 * A fleet in memory under real coordinators: agents are the real link and runner over memory hosts, in this process; coordinators are processes
 * of their own, started again when they end as systemd would. The plan restarts units, so that what was done twice can be counted.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { actionFor } from '@reberth/agent/actions/index.ts';
import { createMemoryDeadlines } from '@reberth/agent/deadline/memory-deadlines.ts';
import { createMemoryHost } from '@reberth/agent/host/memory/memory-host.ts';
import { openJournal } from '@reberth/agent/journal/journal.ts';
import { createMemoryStorage } from '@reberth/agent/journal/memory-storage.ts';
import type { LinkParts } from '@reberth/agent/link/link.ts';
import { createRunner } from '@reberth/agent/runner/runner.ts';
import type { LeaseLimits } from '@reberth/coordinator/leadership/limits.ts';
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import type { Plan } from '@reberth/protocol/plan.ts';
import { CLUSTER, type Ground, memoryMarks, until } from '../integration/support.ts';
import { gate, plan, stage, step, wave } from '../support/plan.ts';
import type { ProgramOptions, Said } from './programs/coordinator.ts';

export interface Agent {
  readonly host: HostId;
  /** How often each unit was restarted. */
  restarts(): Readonly<Record<string, number>>;
  /** What was let in, repeats too, at its arrival. */
  readonly asked: readonly Ask[];
  readonly reports: readonly Report[];
  /** Asks wait before they are performed until `free` is called. */
  hold(): { free(): void };
}

const unitOf = (index: number): string => `service-${index}.service`;

/** Waves of one restart per host; a wave lasts as long as its gate must hold. */
export const restartPlan = (hosts: readonly HostId[], waves: number, holdForMs: number): Plan => ({
  ...plan([
    stage(
      'restart',
      Array.from({ length: waves }, (_, index) =>
        wave(
          `w${index}`,
          hosts.map((host) => step(`${host}/${index}`, { host, kind: 'unit-restarted', params: { unit: unitOf(index) }, risk: 'service' })),
          { exit: [gate(`after-${index}`, { holdForMs, giveUpAfterMs: 60_000 })], back: [] },
        ),
      ),
    ),
  ]),
  cluster: CLUSTER,
});

/** `servers`: what its link dials, for tests that stand in between. */
export async function openAgent(
  here: Ground,
  host: HostId,
  waves: number,
  servers: readonly string[],
  more: Partial<LinkParts> = {},
): Promise<Agent> {
  const units = Object.fromEntries(Array.from({ length: waves }, (_, index) => [unitOf(index), {}]));
  const memory = createMemoryHost({ units });
  const journal = await openJournal(createMemoryStorage(), here.log);
  const runner = createRunner({ self: host, host: memory, journal, deadlines: createMemoryDeadlines(), actionFor, log: here.log });
  const asked: Ask[] = [];
  const reports: Report[] = [];
  let gateway: Promise<void> = Promise.resolve();
  const perform = async (ask: Ask): Promise<Report> => {
    asked.push(ask);
    await gateway;
    const report = await runner.perform(ask);
    reports.push(report);
    return report;
  };
  here.link(host, { perform, isKnown: runner.isKnown, marks: memoryMarks(), ...more }, host, ...servers);
  return {
    host,
    asked,
    reports,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      gateway = promise;
      return { free: resolve };
    },
    restarts() {
      const counted: Record<string, number> = {};
      for (const { name, on } of memory.calls) if (name === 'restartUnit') counted[on] = (counted[on] ?? 0) + 1;
      return counted;
    },
  };
}

/** What `restarts` is when every step took effect once. */
export const eachOnce = (waves: number): Readonly<Record<string, number>> =>
  Object.fromEntries(Array.from({ length: waves }, (_, index) => [unitOf(index), 1]));

export interface CoordinatorProcess {
  readonly said: readonly Said[];
  pid(): number;
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void;
  /** Resolves with what it was; every later look is at what it says from then on too. */
  until<K extends Said['say']>(
    say: K,
    matching?: (said: Extract<Said, { say: K }>) => boolean,
    withinMs?: number,
  ): Promise<Extract<Said, { say: K }>>;
  /** How many processes there were. */
  starts(): number;
  /** Killed, and not started again. */
  end(): Promise<void>;
}

export const QUICK: LeaseLimits = { renewMs: 300, holdMs: 3_000, expireMs: 4_000 };

export interface CoordinatorSetting extends Partial<Omit<ProgramOptions, 'cluster' | 'pki' | 'owner'>> {
  /** Started again when it ends, as systemd does. */
  readonly keepUp?: boolean;
}

export async function startCoordinator(
  here: Ground,
  owner: string,
  setting: CoordinatorSetting & Pick<ProgramOptions, 'servers' | 'plan'>,
): Promise<CoordinatorProcess> {
  const { keepUp = true, ...rest } = setting;
  const options: ProgramOptions = {
    owner,
    cluster: CLUSTER,
    pki: join(here.folder, 'etc/pki'),
    store: 'jetstream',
    folder: join(here.folder, owner),
    limits: QUICK,
    repeatMs: 500,
    ...rest,
  };
  const file = join(here.folder, `${owner}.json`);
  await mkdir(options.folder, { recursive: true });
  await writeFile(file, JSON.stringify(options));
  const program = join(import.meta.dirname, 'programs/coordinator.ts');
  const said: Said[] = [];
  let child: ChildProcess | undefined;
  let starts = 0;
  let wanted = true;
  const start = (): void => {
    if (!wanted) return;
    const one = spawn(process.execPath, ['--no-warnings', program, file], { stdio: ['ignore', 'pipe', 'inherit'] });
    child = one;
    starts += 1;
    createInterface({ input: one.stdout }).on('line', (line) => said.push(JSON.parse(line) as Said));
    one.once('exit', () => {
      if (wanted && keepUp) setTimeout(start, 200);
    });
  };
  start();
  const end = async (): Promise<void> => {
    wanted = false;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  here.later(end);
  return {
    said,
    pid: () => child?.pid ?? 0,
    signal: (name) => void child?.kill(name),
    starts: () => starts,
    end,
    async until(say, matching = () => true, withinMs = 40_000) {
      type Wanted = Extract<Said, { say: typeof say }>;
      return until(`${owner} says ${say}`, () => said.find((one): one is Wanted => one.say === say && matching(one as Wanted)), withinMs).catch(
        (error: unknown) => {
          throw new Error(
            `${String(error)}; it said: ${said
              .slice(-15)
              .map((one) => JSON.stringify(one))
              .join('\n')}`,
          );
        },
      );
    },
  };
}

/** So many restarts have happened, over all agents. */
export const restartsOf = (agents: readonly Agent[]): number =>
  agents.flatMap((agent) => Object.values(agent.restarts())).reduce((sum, count) => sum + count, 0);
