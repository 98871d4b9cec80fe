/**
 * Everything of one simulated move, put together: hosts with real runners and journals, coordinators with the real executor over one store, a
 * broker between them, gates and a signer by chance. What may go wrong is set by dials; `calm` turns them all to nothing.
 */
import { memoryStore } from '@reberth/coordinator/store/memory-store.ts';
import type { Store } from '@reberth/coordinator/store/store.ts';
import { createChance } from './chance.ts';
import { type Coordinators, createCoordinators } from './coordinators.ts';
import { createFleet, type Fleet, type FleetOptions } from './fleet.ts';
import { createHistory, type History } from './history.ts';
import { createMachine, type Machine } from './machine.ts';
import type { Fate } from './process.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';
import type { Seams } from './seams.ts';
import { createWire, type SimWire, type WireTrouble } from './wire.ts';

/** Probabilities: of a call of a program, of a message, of a look. */
export interface Dials {
  agentKilled: number;
  agentFails: number;
  coordinatorKilled: number;
  storeFails: number;
  gateFails: number;
  gateWaits: number;
  signRefused: number;
  readonly wire: WireTrouble;
}

export const calmDials = (): Dials => ({
  ...{ agentKilled: 0, agentFails: 0, coordinatorKilled: 0, storeFails: 0, gateFails: 0, gateWaits: 0, signRefused: 0 },
  wire: { lost: 0, doubled: 0, late: 0 },
});

/** The next call of this program whose point contains these words. */
export interface Trap {
  readonly name: string;
  readonly point: string;
  readonly fate: Fate;
  readonly onceSprung?: () => void;
}

export interface World {
  readonly scheduler: Scheduler;
  readonly history: History;
  readonly fleet: Fleet;
  readonly dials: Dials;
  readonly wire: SimWire;
  readonly machines: ReadonlyMap<string, Machine>;
  readonly coordinators: Coordinators;
  readonly store: Store;
  readonly traps: Trap[];
  /** What gates say wherever they look, instead of chance. */
  verdict: { readonly is: 'pass' } | { readonly is: 'wait' | 'fail'; readonly why: string } | undefined;
  machine(host: string): Machine;
  /** No more trouble: everything is healed, and whatever was away comes back. */
  calm(): void;
}

export interface WorldOptions {
  readonly seed: number;
  readonly fleet: FleetOptions;
  readonly dials: Dials;
  readonly seams: Seams;
}

export function createWorld({ seed, fleet: fleetOptions, dials, seams }: WorldOptions): World {
  const chance = createChance(seed);
  const scheduler = createScheduler();
  const history = createHistory(scheduler.nowMs);
  const fleet = createFleet(fleetOptions);
  const wire = createWire(scheduler, chance.stream('wire'), dials.wire);
  const traps: Trap[] = [];
  const store = memoryStore();
  const fates = chance.stream('fates');

  /** Chance is drawn for every call, so that a trap does not shift what comes after it. */
  const fateOf = (name: string, point: string, killed: number, fails: number): Fate => {
    const [isKilled, isFailed, how] = [fates.flip(killed), fates.flip(fails), fates.between(0, 3)];
    const index = traps.findIndex((trap) => trap.name === name && point.includes(trap.point));
    const [trap] = index === -1 ? [] : traps.splice(index, 1);
    if (trap !== undefined) {
      trap.onceSprung?.();
      return trap.fate;
    }
    if (isKilled) return how < 1 ? 'killed-before' : how < 2 ? 'killed-after' : 'torn';
    return isFailed ? (how < 1.5 ? 'fails-before' : 'fails-after') : 'goes-well';
  };

  const machines = new Map(
    fleet.hosts.map((host): [string, Machine] => [
      host,
      createMachine({
        host,
        ...{ scheduler, history, wire, seams, chance: chance.stream(host) },
        disk: fleet.newHost(),
        fate: (point) => fateOf(host, point, dials.agentKilled, dials.agentFails),
      }),
    ]),
  );
  const world: World = {
    ...{ scheduler, history, fleet, dials, wire, machines, store, traps },
    verdict: undefined,
    coordinators: createCoordinators({
      ...{ scheduler, history, wire, seams, dials, store, chance: chance.stream('coordinator') },
      fate: (name, point) => fateOf(name, point, dials.coordinatorKilled, point.startsWith('store.') ? dials.storeFails : 0),
      verdict: () => world.verdict,
    }),
    machine(host) {
      const machine = machines.get(host);
      if (machine === undefined) throw new Error(`there is no host ${host}; there are ${fleet.hosts.join(', ')}`);
      return machine;
    },
    calm() {
      const { wire: messages, ...others } = calmDials();
      Object.assign(dials, others);
      Object.assign(dials.wire, messages);
      traps.length = 0;
      if (!wire.isUp()) wire.brokerUp('whole');
      for (const [host, machine] of machines) {
        if (wire.isCutOff(host)) wire.heal(host);
        machine.boot();
      }
      world.coordinators.calm();
      history.add({ is: 'fault', text: 'no more trouble' });
    },
  };
  for (const machine of machines.values()) machine.boot();
  return world;
}
