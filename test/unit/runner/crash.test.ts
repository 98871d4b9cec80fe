import type { Ask } from '@reberth/protocol/ask.ts';
import test from 'ava';
import { askTo, FILE, newWorld, runnerOn, textOf, type World } from './fakes.ts';
import { dying, type Fault, faults, nameOf } from './faults.ts';

interface Life {
  readonly calls: number;
  /** False: another fault says the same. */
  readonly own: boolean;
}

/** One life of the agent: start, recover, take the ask. */
async function live(world: World, ask: Ask | undefined, fault: Fault | undefined): Promise<Life> {
  const { around, calls, isOwn } = dying(world, fault);
  try {
    const runner = await runnerOn(world, around);
    await runner.recover();
    if (ask !== undefined) await runner.perform(ask);
  } catch {
    // The power went.
  }
  return { calls: calls(), own: isOwn() };
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
        if (!(await live(world, ask, first)).own) break;
        if (!(await live(world, ask, second)).own) continue;
        const name = `${nameOf(first)}, then ${nameOf(second)}`;

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
