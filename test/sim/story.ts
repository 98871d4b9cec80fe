/**
 * Stories: a fleet, a fault, what the operator does, in plain words with one deed per line, and the transcript that comes of it. No chance of
 * trouble but what the story tells. Words that nobody knows are refused with their line.
 */
import type { OperatorCommand } from '@reberth/coordinator/rollout/operator.ts';
import { standingOf } from '@reberth/coordinator/rollout/standing.ts';
import { stepsOf } from '@reberth/protocol/plan.ts';
import { brokenIn } from './checks.ts';
import { type FleetOptions, reality } from './fleet.ts';
import { words } from './history.ts';
import { unbroken } from './seams.ts';
import { brokenAtRest, isSettled } from './settled.ts';
import { calmDials, createWorld, type World } from './world.ts';

interface Telling {
  world: World | undefined;
  fleet: FleetOptions;
  holdAfter: string | undefined;
}

type Verb = readonly [RegExp, (telling: Telling, words: readonly string[]) => Promise<void> | void];

const LIMIT_MS = 60 * 60_000;
const SIZES: Readonly<Record<string, readonly [number, number]>> = { small: [1, 2], middle: [2, 2], large: [3, 4] };

const VERBS: readonly Verb[] = [
  [/^plan (\w+)$/, (telling, [size = '']) => void Object.assign(telling, { fleet: { ...telling.fleet, ...sized(size) } })],
  [
    /^failures? (?:lead|leads) to (undo-all|undo-stage|hold)$/,
    (telling, [policy]) => {
      const onFailure = [policy, policy, policy] as FleetOptions['onFailure'];
      telling.fleet = { ...telling.fleet, onFailure, onGiveUp: policy === 'hold' ? 'hold' : 'undo' };
    },
  ],
  [/^hold after (\w+)$/, (telling, [holdAfter]) => void Object.assign(telling, { holdAfter })],
  [
    /^apply$/,
    async (telling) => {
      const world = began(telling);
      world.coordinators.begin(world.fleet.plan, telling.holdAfter);
      await world.scheduler.run(0, () => false);
    },
  ],
  [
    /^operator (pause|resume|abort|undo|approve)(?:s|es)?$/,
    async (telling, [command]) => {
      const world = worldOf(telling);
      world.coordinators.operate(command as OperatorCommand);
      await world.scheduler.run(1_000, () => false);
    },
  ],
  [
    /^wait (\d+) (s|min)$/,
    async (telling, [count, unit]) => {
      await worldOf(telling).scheduler.run(Number(count) * (unit === 'min' ? 60_000 : 1_000), () => false);
    },
  ],
  [
    /^until "(.+)"$/,
    async (telling, [text = '']) => {
      const { scheduler, history } = worldOf(telling);
      const from = history.entries.length;
      if (!(await scheduler.run(LIMIT_MS, () => history.entries.slice(from).some((entry) => words(entry).includes(text)))))
        throw new Error(`"${text}" never happened`);
    },
  ],
  [
    /^until everything rests$/,
    async (telling) => {
      const world = worldOf(telling);
      await world.scheduler.run(1_000, () => false);
      if (!(await world.scheduler.run(LIMIT_MS, () => isSettled(world)))) throw new Error('it never came to rest');
      await world.scheduler.run(100_000, () => false);
    },
  ],
  [
    /^host (\w+) loses power(?: at "(.+)")?$/,
    (telling, [host = '', point]) => {
      const machine = worldOf(telling).machine(host);
      if (point === undefined) machine.powerOff();
      else worldOf(telling).traps.push({ name: host, point, fate: 'killed-after', onceSprung: () => machine.powerOff() });
    },
  ],
  [/^host (\w+) is switched on$/, (telling, [host = '']) => worldOf(telling).machine(host).boot()],
  [
    /^agent (\w+) is killed(?: at "(.+)")?$/,
    (telling, [host = '', point]) => {
      if (point === undefined) worldOf(telling).machine(host).kill('by the story');
      else worldOf(telling).traps.push({ name: host, point, fate: 'killed-after' });
    },
  ],
  [/^host (\w+) fails at "(.+)"$/, (telling, [name = '', point = '']) => void worldOf(telling).traps.push({ name, point, fate: 'fails-before' })],
  [/^host (\w+) is cut off$/, (telling, [host = '']) => fault(telling, `${host} is cut off`, ({ wire }) => wire.cutOff(host))],
  [/^host (\w+) is connected$/, (telling, [host = '']) => fault(telling, `${host} is connected again`, ({ wire }) => wire.heal(host))],
  [/^broker gone$/, (telling) => fault(telling, 'the broker is gone', ({ wire }) => wire.brokerDown())],
  [
    /^broker back(?:, (wiped))?$/,
    (telling, [how]) =>
      fault(telling, `the broker is back${how === undefined ? '' : ', wiped'}`, ({ wire }) => wire.brokerUp(how === undefined ? 'whole' : 'wiped')),
  ],
  [
    /^every message comes twice$/,
    (telling) => fault(telling, 'every message comes twice', ({ wire }) => void Object.assign(wire.trouble, { doubled: 1 })),
  ],
  [
    /^an old message is played again$/,
    (telling) => fault(telling, `played again: ${worldOf(telling).wire.replayOld() ?? 'nothing'}`, () => undefined),
  ],
  [/^coordinator killed$/, (telling) => worldOf(telling).coordinators.kill('by the story')],
  [/^another coordinator takes over$/, (telling) => worldOf(telling).coordinators.takeOver()],
  [/^the old coordinator goes on$/, (telling) => worldOf(telling).coordinators.wakeOld()],
  [
    /^gates (wait|fail): (.+)$/,
    (telling, [is, why = '']) => fault(telling, `gates ${is}: ${why}`, (world) => void Object.assign(world, { verdict: { is, why } })),
  ],
  [/^gates pass$/, (telling) => fault(telling, 'gates pass again', (world) => void Object.assign(world, { verdict: undefined }))],
  [
    /^signing (refused|works)$/,
    (telling, [how]) => fault(telling, `signing ${how}`, ({ dials }) => void Object.assign(dials, { signRefused: how === 'refused' ? 1 : 0 })),
  ],
];

/** The transcript of a script. Comments begin with `#`. */
export async function tell(script: string): Promise<string> {
  const telling: Telling = {
    world: undefined,
    fleet: { masters: 1, nodes: 2, onFailure: ['undo-all', 'undo-all', 'undo-all'], onGiveUp: 'undo', holdForMs: 0 },
    holdAfter: undefined,
  };
  for (const [index, raw] of script.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const verb = VERBS.find(([pattern]) => pattern.test(line));
    if (verb === undefined) throw new Error(`line ${index + 1}: nobody knows how to "${line}"`);
    telling.world?.history.add({ is: 'note', text: `> ${line}` });
    try {
      await verb[1](telling, verb[0].exec(line)?.slice(1) ?? []);
    } catch (error) {
      throw new Error(`line ${index + 1}: ${line}: ${String(error)}\n${storyOf(worldOf(telling))}`, { cause: error });
    }
  }
  const world = worldOf(telling);
  return [storyOf(world), ...closing(world)].join('\n');
}

const STORY: readonly string[] = ['stored', 'fault', 'note', 'command', 'door'];
const UNTOLD: readonly string[] = ['looked', 'measured', 'gate-opened'];

/** Without times: they say nothing that matters here. */
const storyOf = ({ history }: World): string =>
  history.entries
    .filter((entry) => STORY.includes(entry.is) && !(entry.is === 'stored' && UNTOLD.includes(entry.event.body.type)))
    .map((entry) => words(entry))
    .join('\n');

/** Where everything stands, by the rollout's words and by a look at the hosts; and what promise is broken, if one is. */
function closing(world: World): readonly string[] {
  const state = world.coordinators.state();
  const hosts = world.fleet.hosts.map((host) => {
    const steps = [...stepsOf(world.fleet.plan)].filter(({ step }) => step.host === host);
    const stand = new Set(steps.map(({ step }) => reality(world.machine(host).disk, step)).filter((each) => each !== 'no trace'));
    return `${host} ${[...stand].join(' and ')}`;
  });
  const broken = [...brokenIn(world.history.entries, world.fleet), ...(isSettled(world) ? brokenAtRest(world) : [])];
  return [
    '',
    ...(state === undefined ? ['no coordinator'] : [`${standingOf(state).state}: ${standingOf(state).text}`, `next: ${standingOf(state).next}`]),
    `hosts: ${hosts.join(', ')}`,
    ...broken.map(({ promise, why }) => `BROKEN ${promise}: ${why}`),
  ];
}

function sized(size: string): Pick<FleetOptions, 'masters' | 'nodes'> {
  const [masters, nodes] = SIZES[size] ?? [];
  if (masters === undefined || nodes === undefined) throw new Error(`plans are ${Object.keys(SIZES).join(', ')}`);
  return { masters, nodes };
}

function began(telling: Telling): World {
  telling.world = createWorld({ seed: 1, fleet: telling.fleet, dials: calmDials(), seams: unbroken });
  return telling.world;
}

function worldOf({ world }: Telling): World {
  if (world === undefined) throw new Error('nothing was applied yet');
  return world;
}

function fault(telling: Telling, text: string, deed: (world: World) => void): void {
  worldOf(telling).history.add({ is: 'fault', text });
  deed(worldOf(telling));
}
