/**
 * Watches a move from outside: a client at 10 ms, held connections, and which load balancer carries which address. What each endpoint must
 * answer, and when, is told by the rollout's own events, so that a stage that promises too early is caught.
 */
import { fileURLToPath } from 'node:url';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import type { Lab } from '../../../lab/src/index.ts';
import { type Companion, runInNetworkOf } from './in-namespace.ts';

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

export interface Counted {
  readonly requests: number;
  readonly failed: number;
  readonly fresh: number;
  readonly longestMs: number;
  /** Longest time from one good answer to the next. */
  readonly longestGapMs: number;
  readonly heldBroken: number;
  readonly failures: readonly string[];
}

export interface Client {
  watch(endpoint: string): void;
  unwatch(endpoint: string): void;
  report(): Promise<Readonly<Record<string, Counted>>>;
  stop(): Promise<void>;
}

export interface Pace {
  readonly held: number;
  readonly intervalMs: number;
  /** A request that takes longer has failed. */
  readonly timeoutMs: number;
}

/** `files`: CA, certificate and key on this machine. */
export async function startClient(
  lab: Lab,
  files: readonly [string, string, string],
  { held, intervalMs, timeoutMs }: Pace = { held: 20, intervalMs: 10, timeoutMs: 5_000 },
): Promise<Client> {
  const companion = await runInNetworkOf(lab, 'client', here('prober.ts'), [...files, String(held), String(intervalMs), String(timeoutMs)]);
  return {
    watch: (endpoint) => companion.tell(`watch ${endpoint}`),
    unwatch: (endpoint) => companion.tell(`unwatch ${endpoint}`),
    async report() {
      const line = companion.next();
      companion.tell('report');
      return JSON.parse(await line);
    },
    stop: () => companion.stop(),
  };
}

export interface Holders {
  /** Moments at which an address was on two load balancers, or on none, between two times. */
  faults(address: string, fromMs: number, toMs: number): readonly string[];
  stop(): Promise<void>;
}

interface Sample {
  readonly atMs: number;
  readonly host: string;
  readonly addresses: readonly string[];
}

export async function startHolders(lab: Lab, hosts: readonly string[]): Promise<Holders> {
  const companions = new Map<string, Companion>();
  for (const host of hosts) companions.set(host, await runInNetworkOf(lab, host, here('address-sampler.ts'), []));
  const samples = (): readonly Sample[] =>
    [...companions]
      .flatMap(([host, { lines }]) => lines.map((line) => ({ host, ...(JSON.parse(line) as Omit<Sample, 'host'>) })))
      .sort((a, b) => a.atMs - b.atMs);
  return {
    faults(address, fromMs, toMs) {
      const holding = new Map<string, boolean>();
      const faults: string[] = [];
      const look = (atMs: number): void => {
        const holders = [...holding].filter(([, holds]) => holds).map(([host]) => host);
        if (holders.length !== 1) faults.push(`${new Date(atMs).toISOString()} ${address} on ${holders.join(' and ') || 'none'}`);
      };
      let looked = false;
      for (const { atMs, host, addresses } of samples()) {
        if (atMs > toMs) break;
        if (atMs >= fromMs && !looked) {
          looked = true;
          look(fromMs);
        }
        holding.set(host, addresses.includes(address));
        if (atMs >= fromMs) look(atMs);
      }
      if (!looked) look(fromMs);
      return faults;
    },
    async stop() {
      await Promise.all([...companions.values()].map((companion) => companion.stop()));
    },
  };
}

/** When a stage began and ended going forward. */
export function stageTimes(events: readonly RolloutEvent[], stage: string): { readonly startMs: number; readonly endMs: number } {
  const at = (type: 'stage-started' | 'stage-ended'): number =>
    events.find(({ body }) => body.type === type && body.stage === stage && body.direction === 'forward')?.atMs ?? Number.NaN;
  return { startMs: at('stage-started'), endMs: at('stage-ended') };
}
