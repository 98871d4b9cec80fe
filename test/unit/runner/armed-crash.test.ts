import { readJournal } from '@reberth/agent/journal/journal.ts';
import { isArmed } from '@reberth/agent/journal/ledger.ts';
import type { Runner } from '@reberth/agent/runner/runner.ts';
import test, { type ExecutionContext } from 'ava';
import { askTo, newWorld, runnerOn, textOf, type World } from './fakes.ts';
import { dying, type Fault, faults, nameOf } from './faults.ts';

const WITHIN_MS = 15_000;
const DO = askTo('do', { confirmWithinMs: WITHIN_MS });
const CONFIRM = askTo('confirm', { attempt: 2, confirmWithinMs: WITHIN_MS });
const UNDO = askTo('undo', { attempt: 3 });

interface Story {
  readonly title: string;
  /** What one life does after its start; the clock of the host goes on over lives. */
  readonly deeds: (runner: Runner, world: World) => Promise<void>;
  /** What a coordinator that asks until it is answered hears at last. */
  readonly ends: readonly ('before' | 'after')[];
}

const CONFIRMED: Story = {
  title: 'done and confirmed',
  async deeds(runner) {
    await runner.perform(DO);
    await runner.perform(CONFIRM);
  },
  ends: ['after', 'before'],
};

const STORIES: readonly Story[] = [
  CONFIRMED,
  {
    title: 'done and not confirmed in time',
    async deeds(runner, world) {
      await runner.perform(DO);
      world.deadlines.pass(WITHIN_MS);
      await runner.takeBackOverdue();
    },
    ends: ['before'],
  },
  {
    title: 'done and undone by an ask',
    async deeds(runner) {
      await runner.perform(DO);
      await runner.perform(UNDO);
    },
    ends: ['before'],
  },
];

async function live(world: World, deeds: Story['deeds'], fault: Fault | undefined): Promise<{ readonly calls: number; readonly own: boolean }> {
  const { around, calls, isOwn } = dying(world, fault);
  try {
    const runner = await runnerOn(world, around);
    await runner.recover();
    await deeds(runner, world);
  } catch {
    // The power went.
  }
  return { calls: calls(), own: isOwn() };
}

const armedByJournal = (world: World): number => [...readJournal(world.storage.content).ledger.values()].filter(isArmed).length;

/** No mixture, and a timer for exactly what the journal says is not confirmed. */
async function sound(t: ExecutionContext, world: World, name: string): Promise<void> {
  t.is(world.running, textOf(world) ?? '', `${name}: the service runs what the file says`);
  const armed = armedByJournal(world);
  t.is((await world.deadlines.armed()).length, armed, `${name}: a timer for each that waits`);
}

for (const { title, deeds, ends } of STORIES) {
  for (const power of ['stays', 'was away'] as const) {
    test(`${title}, cut off at any call and again while recovering, power ${power}: before or after, and armed until it is told`, async (t) => {
      const { calls } = await live(newWorld(), deeds, undefined);
      t.true(calls > 15);
      let lives = 0;
      for (const first of faults(calls)) {
        for (const second of [undefined, ...faults(calls + 8)]) {
          const world = newWorld();
          if (!(await live(world, deeds, first)).own) break;
          if (power === 'was away') world.deadlines.reboot();
          if (!(await live(world, deeds, second)).own) continue;
          lives += 1;
          const name = `${nameOf(first)}, then ${nameOf(second)}`;

          const runner = await runnerOn(world);
          await runner.recover();
          await sound(t, world, name);
          t.is(runner.openSteps().length, armedByJournal(world), name);

          // Nobody says anything any more: in time it is before, unless it was confirmed.
          const confirmed = runner.isKnown(CONFIRM);
          const doneAndFree = textOf(world) === 'new' && confirmed;
          world.deadlines.pass(WITHIN_MS);
          await runner.takeBackOverdue();
          await sound(t, world, name);
          t.is(textOf(world), doneAndFree ? 'new' : 'old', name);
          t.deepEqual(runner.openSteps(), [], name);

          const report = await runner.perform(CONFIRM);
          t.is(report.outcome === 'confirmed', doneAndFree, `${name}: ${report.why}`);
          t.is(textOf(world), doneAndFree ? 'new' : 'old', `${name}: a confirmation changes nothing`);
          t.true(ends.includes(doneAndFree ? 'after' : 'before'), name);
        }
      }
      t.log(`${lives} pairs of faults`);
    });
  }
}

test('whatever is cut off before the first write, it was armed then', async (t) => {
  const { calls } = await live(newWorld(), CONFIRMED.deeds, undefined);
  let changed = 0;
  for (const first of faults(calls)) {
    const world = newWorld();
    await live(world, CONFIRMED.deeds, first);
    if (world.files.size === 1 && textOf(world) === 'old') continue;
    changed += 1;
    if (readJournal(world.storage.content.subarray(0, world.storage.content.lastIndexOf('\n') + 1)).ledger.size === 0) t.fail(nameOf(first));
    const waits = armedByJournal(world);
    t.true(waits === 1 || textOf(world) === 'new', nameOf(first));
    if (waits === 1) t.is((await world.deadlines.armed()).length, 1, nameOf(first));
  }
  t.true(changed > 5);
});
