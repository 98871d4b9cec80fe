/**
 * One seed: a fleet, a move, trouble and an operator by chance; then calm, and an operator who leads out of whatever it stands in. The seed
 * decides everything: the same one gives the same history to the letter.
 */
import type { OperatorCommand } from '@reberth/coordinator/rollout/operator.ts';
import { type Chance, createChance } from './chance.ts';
import { type Broken, brokenIn } from './checks.ts';
import type { FleetOptions } from './fleet.ts';
import { type Entry, transcript } from './history.ts';
import { START_MS } from './scheduler.ts';
import { type Seams, unbroken } from './seams.ts';
import { brokenAtRest, isSettled } from './settled.ts';
import { createWorld, type Dials, type World } from './world.ts';

export interface Simulated {
  readonly seed: number;
  readonly broken: readonly Broken[];
  readonly ends: readonly string[];
  readonly entries: readonly Entry[];
  transcript(full: boolean): string;
  readonly virtualMs: number;
}

/** Once there is no more trouble, everything has come to rest after this long at the latest. */
const REST_WITHIN_MS = 30 * 60_000;
/** What still travels arrives, and what nobody confirms reverts. */
const AFTERWARDS_MS = 100_000;
const WAYS_OUT_MOST = 8;

export async function simulate(seed: number, seams: Seams = unbroken): Promise<Simulated> {
  const chance = createChance(seed).stream('story');
  const world = createWorld({ seed, fleet: fleetBy(chance), dials: dialsBy(chance), seams });
  const broken: Broken[] = [];
  const ends: string[] = [];
  const holdAfter = chance.flip(0.3) ? chance.pick(['certificates', 'address', 'switch']) : undefined;
  world.coordinators.begin(world.fleet.plan, holdAfter);
  const troubleMs = chance.between(10_000, 300_000);
  trouble(world, chance, troubleMs);
  await world.scheduler.run(troubleMs, () => false);
  world.calm();
  let isAtRest = await comeToRest(world, broken);
  for (let n = 0; isAtRest && n < WAYS_OUT_MOST; n += 1) {
    const state = world.coordinators.state();
    ends.push(state?.standing === 'ended' ? (state.outcome ?? '') : (state?.standing ?? ''));
    const wayOut = wayOutOf(world, chance, n);
    if (wayOut === undefined) break;
    world.coordinators.operate(wayOut);
    isAtRest = await comeToRest(world, broken);
  }
  if (isAtRest && world.coordinators.state()?.standing !== 'ended')
    broken.push({ promise: 'liveness', why: `no command leads out: ${ends.join(', ')}` });
  broken.push(...brokenIn(world.history.entries, world.fleet));
  const { entries } = world.history;
  return { seed, broken, ends, entries, transcript: (full) => transcript(entries, full), virtualMs: world.scheduler.nowMs() - START_MS };
}

async function comeToRest(world: World, broken: Broken[]): Promise<boolean> {
  // What the operator asked for is taken up first.
  await world.scheduler.run(1_000, () => false);
  if (!(await world.scheduler.run(REST_WITHIN_MS, () => isSettled(world)))) {
    const state = world.coordinators.state();
    broken.push({
      promise: 'liveness',
      why: `still ${state?.standing ?? 'without a coordinator'} ${REST_WITHIN_MS / 60_000} min after the last trouble`,
    });
    return false;
  }
  await world.scheduler.run(AFTERWARDS_MS, () => false);
  const found = brokenAtRest(world);
  broken.push(...found);
  return found.length === 0;
}

/** Tries to go on a few times, then takes back. What ended done is sometimes taken back as well. */
function wayOutOf(world: World, chance: Chance, n: number): OperatorCommand | undefined {
  const state = world.coordinators.state();
  if (state?.standing === 'ended') return state.outcome === 'done' && chance.flip(0.3) ? 'undo' : undefined;
  return n < 4 && chance.flip(0.6) ? 'resume' : 'undo';
}

function fleetBy(chance: Chance): FleetOptions {
  const policy = () => chance.pick(['undo-all', 'undo-stage', 'hold'] as const);
  return {
    masters: chance.pick([1, 2, 3]),
    nodes: chance.pick([1, 2, 4]),
    onFailure: [policy(), policy(), policy()],
    onGiveUp: chance.pick(['undo', 'hold']),
    holdForMs: chance.pick([0, 0, 3_000]),
  };
}

/** Some seeds know only some kinds of trouble, so that rare things get far. */
function dialsBy(chance: Chance): Dials {
  const some = (most: number): number => (chance.flip(0.5) ? chance.between(0, most) : 0);
  return {
    agentKilled: some(0.01),
    agentFails: some(0.01),
    coordinatorKilled: some(0.005),
    storeFails: some(0.005),
    gateFails: some(0.02),
    gateWaits: some(0.5),
    signRefused: some(0.2),
    wire: { lost: some(0.3), doubled: some(0.3), late: some(0.1) },
  };
}

/** Trouble that has its moment. */
function trouble(world: World, chance: Chance, withinMs: number): void {
  const { scheduler, history, wire, coordinators, fleet } = world;
  const sometime = (): number => chance.between(0, withinMs);
  const times = (most: number, probability: number, deed: () => void): void => {
    const count = chance.flip(probability) ? Math.ceil(chance.between(0, most)) : 0;
    for (let n = 0; n < count; n += 1) scheduler.at(sometime(), deed);
  };
  const later = (deed: () => void): void => scheduler.at(chance.between(500, 60_000), deed);
  const fault = (text: string): void => history.add({ is: 'fault', text });

  times(3, 0.5, () => {
    const host = chance.pick(fleet.hosts);
    wire.cutOff(host);
    fault(`${host} is cut off`);
    later(() => {
      wire.heal(host);
      fault(`${host} is connected again`);
    });
  });
  times(2, 0.3, () => {
    if (!wire.isUp()) return;
    wire.brokerDown();
    fault('the broker is gone');
    later(() => {
      const how = chance.pick(['whole', 'wiped'] as const);
      if (!wire.isUp()) wire.brokerUp(how);
      fault(`the broker is back, ${how}`);
    });
  });
  times(2, 0.4, () => {
    const machine = world.machine(chance.pick(fleet.hosts));
    machine.powerOff();
    later(() => machine.boot());
  });
  times(3, 0.4, () => world.machine(chance.pick(fleet.hosts)).kill('at a random moment'));
  times(3, 0.4, () => coordinators.kill('at a random moment'));
  times(2, 0.4, () => {
    coordinators.takeOver();
    later(() => coordinators.wakeOld());
  });
  times(20, 0.6, () => {
    const what = wire.replayOld();
    if (what !== undefined) fault(`played again: ${what}`);
  });
  times(6, 0.6, () => coordinators.operate(chance.pick(['pause', 'pause', 'resume', 'resume', 'resume', 'approve', 'abort', 'undo'] as const)));
}
