/** Old asks that come once more after the step went on without them. Found by the simulator (seeds 106 and 124 of its first day). */
import test from 'ava';
import { askTo, newWorld, runnerOn, textOf } from './fakes.ts';

test('a do that was refused at the door is void once a later undo was done', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  await runner.perform(askTo('do', { attempt: 1 }));
  await runner.perform(askTo('undo', { attempt: 3 }));
  t.is((await runner.perform(askTo('do', { attempt: 2 }))).outcome, 'refused');
  t.is(textOf(world), 'old');
  t.is((await runner.perform(askTo('do', { attempt: 4 }))).outcome, 'done');
});

test('an old undo does not take back what was done anew since', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  await runner.perform(askTo('do', { attempt: 1 }));
  await runner.perform(askTo('undo', { attempt: 2 }));
  await runner.perform(askTo('do', { attempt: 3 }));
  t.is((await runner.perform(askTo('undo', { attempt: 2 }))).outcome, 'refused');
  t.is(textOf(world), 'new');
  t.is((await runner.perform(askTo('undo', { attempt: 4 }))).outcome, 'undone');
});

test('an old confirmation does not confirm what was done anew since', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  const within = { confirmWithinMs: 15_000 };
  await runner.perform(askTo('do', { attempt: 1, ...within }));
  await runner.perform(askTo('undo', { attempt: 3, ...within }));
  await runner.perform(askTo('do', { attempt: 4, ...within }));
  t.is((await runner.perform(askTo('confirm', { attempt: 2, ...within }))).outcome, 'refused');
  t.is((await runner.perform(askTo('confirm', { attempt: 5, ...within }))).outcome, 'confirmed');
});

test('the host itself can take back what was done at any attempt', async (t) => {
  const world = newWorld();
  const runner = await runnerOn(world);
  await runner.perform(askTo('do', { attempt: 1 }));
  await runner.perform(askTo('undo', { attempt: 2 }));
  await runner.perform(askTo('do', { attempt: 5 }));
  const [report] = await runner.undoEverything();
  t.is(report?.outcome, 'undone');
  t.is(textOf(world), 'old');
});
