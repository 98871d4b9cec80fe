/** Whatever hosts, gates and operators do: what the decider says at the end is what is on the hosts. Seeds are printed, and replay. */
import { phasesOf } from '@reberth/coordinator/rollout/course.ts';
import { reduce, replay } from '@reberth/coordinator/rollout/reduce.ts';
import { stepsOf } from '@reberth/protocol/plan.ts';
import test from 'ava';
import { smallPlan } from '../../support/plan.ts';
import { createWorld, type World } from '../../support/rollout-world.ts';

const SEEDS = 400;
const LONGEST = 5_000;
const CALM = { stepFails: 0, gateGivesUp: 0, signRefused: 0, operator: 0, duplicate: 0.3 };
const ROUGH = { stepFails: 0.08, gateGivesUp: 0.03, signRefused: 0.1, operator: 0.03, duplicate: 0.3 };

const everyStep = (): readonly string[] => [...stepsOf(smallPlan())].map(({ step }) => step.id);

/** Lets things happen until nothing does; an operator then leads out of whatever it stands in. */
function drive(world: World, wayOut: 'resume' | 'undo'): void {
  for (let n = 0; n < LONGEST; n += 1) {
    if (world.happen()) continue;
    if (world.state.standing === 'ended') return;
    if (!world.operate(wayOut) && !world.operate('resume')) throw new Error(`no way out of ${world.state.standing}`);
  }
  throw new Error(`still ${world.state.standing} after ${LONGEST} happenings`);
}

const eachSeed = (check: (seed: number) => void): void => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    try {
      check(seed);
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
  }
};

test('a calm world always ends done, with every step applied and none asked twice to do', (t) => {
  eachSeed((seed) => {
    const world = createWorld(smallPlan(), seed, CALM);
    drive(world, 'resume');
    if (world.state.outcome !== 'done') throw new Error(`ended ${world.state.outcome}`);
    if (everyStep().some((id) => !world.applied.has(id))) throw new Error('a step is missing');
    const asked = world.events.filter(({ body }) => body.type === 'asked' && body.operation === 'do').length;
    const confirmed = world.events.filter(({ body }) => body.type === 'asked' && body.operation === 'confirm').length;
    if (confirmed !== 1) throw new Error(`${confirmed} confirmations`);
    if (asked !== everyStep().length) throw new Error(`${asked} asks`);
  });
  t.pass();
});

for (const wayOut of ['resume', 'undo'] as const) {
  test(`in a rough world the outcome is what is on the hosts, the way out being ${wayOut}`, (t) => {
    const outcomes = new Set<string>();
    eachSeed((seed) => {
      const world = createWorld(smallPlan(), seed, ROUGH);
      drive(world, wayOut);
      const { outcome } = world.state;
      outcomes.add(outcome ?? '');
      const wanted = outcome === 'done' ? everyStep().length : 0;
      if (world.applied.size !== wanted) throw new Error(`ended ${outcome} with ${[...world.applied].join(', ') || 'nothing'} applied`);
    });
    t.true(outcomes.has('done') && outcomes.has('rolled-back'), 'both ends occur, or this test shows nothing');
  });
}

test('nothing is asked to do before everything before it is through', (t) => {
  eachSeed((seed) => {
    const world = createWorld(smallPlan(), seed, ROUGH);
    drive(world, 'undo');
    let state = reduce(undefined, world.events[0] as (typeof world.events)[number]);
    for (const event of world.events.slice(1)) {
      const { body } = event;
      if (body.type === 'asked' && body.operation === 'do' && state !== undefined) {
        for (const phase of smallPlan().stages.flatMap(phasesOf)) {
          const steps = phase.is === 'steps' ? phase.steps : [];
          if (steps.some(({ id }) => id === body.step)) break;
          const open = steps.find(({ id }) => !['done', 'noop'].includes(state?.steps[id]?.standing ?? 'none'));
          if (open !== undefined) throw new Error(`${body.step} was asked while ${open.id} was not through`);
        }
      }
      state = reduce(state, event);
    }
  });
  t.pass();
});

test('a paused or held rollout asks nothing new: it only confirms what a host waits for', (t) => {
  let stopped = 0;
  eachSeed((seed) => {
    const world = createWorld(smallPlan(), seed, { ...ROUGH, operator: 0.1 });
    drive(world, 'undo');
    let state = reduce(undefined, world.events[0] as (typeof world.events)[number]);
    for (const event of world.events.slice(1)) {
      if (state !== undefined && state.standing !== 'running') {
        stopped += 1;
        const begins = (event.body.type === 'asked' && event.body.operation !== 'confirm') || event.body.type === 'stage-started';
        if (begins) throw new Error(`${event.body.type} while ${state.standing}`);
      }
      state = reduce(state, event);
    }
  });
  t.true(stopped > 100, 'it stopped often enough to show something');
});

test('abort wins from every state that a rough world leads to', (t) => {
  eachSeed((seed) => {
    const world = createWorld(smallPlan(), seed, { ...ROUGH, operator: 0 });
    for (let n = 0; n < seed % 90; n += 1) world.happen();
    if (world.state.standing === 'ended') return;
    world.operate('abort');
    drive(world, 'undo');
    if (world.state.outcome !== 'rolled-back' || world.applied.size > 0) throw new Error(`${world.state.outcome} with ${world.applied.size} applied`);
  });
  t.pass();
});

test('the stored events alone lead to the same state', (t) => {
  eachSeed((seed) => {
    const world = createWorld(smallPlan(), seed, ROUGH);
    drive(world, 'undo');
    t.deepEqual(replay(structuredClone(world.events)), world.state);
  });
});
