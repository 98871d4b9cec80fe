import type { Ask } from '@reberth/protocol/ask.ts';
import test from 'ava';
import { type Around, askTo, Crash, FILE, newWorld, runnerOn, textOf, type World } from './fakes.ts';

/** Where the power goes: before the call does anything, after it did all, or with half of a journal line on the disk. */
const MODES = ['before', 'after', 'torn'] as const;
interface Fault {
  readonly call: number;
  readonly mode: (typeof MODES)[number];
}

/** From the fault on every call fails, as if nobody were there to make it. */
function dying(world: World, fault: Fault | undefined): { readonly around: Around; calls(): number } {
  let calls = 0;
  let dead = false;
  return {
    calls: () => calls,
    async around(name, effect) {
      if (dead) throw new Crash();
      calls += 1;
      if (fault === undefined || calls !== fault.call) return effect();
      dead = true;
      const length = world.storage.content.length;
      if (fault.mode !== 'before') await effect();
      const grown = world.storage.content.length - length;
      if (fault.mode === 'torn' && name === 'append' && grown > 0)
        world.storage.content = world.storage.content.subarray(0, length + Math.floor(grown / 2));
      throw new Crash();
    },
  };
}

/** One life of the agent: start, recover, take the ask. True when it ended by itself. */
async function live(world: World, ask: Ask | undefined, fault: Fault | undefined): Promise<{ readonly survived: boolean; readonly calls: number }> {
  const { around, calls } = dying(world, fault);
  try {
    const runner = await runnerOn(world, around);
    await runner.recover();
    if (ask !== undefined) await runner.perform(ask);
    return { survived: true, calls: calls() };
  } catch {
    return { survived: false, calls: calls() };
  }
}

interface Story {
  readonly title: string;
  readonly ready: (world: World) => Promise<void>;
  readonly ask: Ask;
}

const done = async (world: World): Promise<void> => {
  const report = await (await runnerOn(world)).perform(askTo('do'));
  if (report.outcome !== 'done') throw new Error(report.why);
};

const STORIES: readonly Story[] = [
  { title: 'a do', ready: async () => undefined, ask: askTo('do') },
  { title: 'a do that does not verify', ready: async () => undefined, ask: askTo('do', { params: { file: FILE, to: 'broken' } }) },
  {
    title: 'a do of a file that was absent',
    ready: async (world) => {
      world.files.delete(FILE);
      world.running = '';
    },
    ask: askTo('do', { expect: [{ path: FILE, before: 'absent', after: askTo('do').expect[0]?.after ?? 'absent' }] }),
  },
  { title: 'an undo', ready: done, ask: askTo('undo') },
];

for (const { title, ready, ask } of STORIES) {
  test(`${title}, cut off at any call and again while recovering, ends before or after, as it is reported`, async (t) => {
    const whole = newWorld();
    await ready(whole);
    const { calls } = await live(whole, ask, undefined);
    t.true(calls > 5);
    let lives = 0;
    for (const first of faults(calls)) {
      // The second life is long enough for every path of recovery and the repeated ask.
      for (const second of [undefined, ...faults(calls + 12)]) {
        const world = newWorld();
        await ready(world);
        const before = textOf(world);
        await live(world, ask, first);
        await live(world, ask, second);
        const name = `${first.mode} call ${first.call}, then ${second === undefined ? 'nothing' : `${second.mode} call ${second.call}`}`;

        const runner = await runnerOn(world);
        await runner.recover();
        t.deepEqual(runner.openSteps(), [], name);
        t.is(world.running, textOf(world) ?? '', `${name}: recovery alone, without the ask coming again, leaves no mixture`);
        const report = await runner.perform(ask);
        t.true(report.left === 'before' || report.left === 'after', `${name}: left ${report.left}`);
        t.is(textOf(world), report.left === 'after' ? String(ask.params.to) : ask.operation === 'undo' ? 'old' : before, name);
        t.is(world.running, textOf(world) ?? '', `${name}: the service runs what the file says`);
        t.deepEqual(await runner.perform(ask), report, `${name}: a repeat gets the same answer`);
        const last = runner.entries().at(-1)?.standing;
        t.is(last, report.outcome === 'done' ? 'done' : report.outcome === 'undone' ? 'undone' : 'failed', name);
        lives += 1;
      }
    }
    t.log(`${lives} pairs of faults`);
  });
}

function* faults(calls: number): Generator<Fault> {
  for (let call = 1; call <= calls; call += 1) for (const mode of MODES) yield { call, mode };
}
