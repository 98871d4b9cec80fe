/** A fixed handful of seeds with every test run; thousands with `npm run sim`. A seed that once failed has its bug as a named test elsewhere. */
import test from 'ava';
import { simulate } from './simulate.ts';

const SEEDS = 150;

test(`${SEEDS} seeds of trouble break no promise, and every kind of end occurs`, async (t) => {
  const ends = new Set<string>();
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const { broken, ends: ended } = await simulate(seed);
    for (const { promise, why } of broken) t.fail(`seed ${seed}: ${promise}: ${why}; again: npm run sim -- --from ${seed} --seeds 1 --transcript`);
    for (const end of ended) ends.add(end);
  }
  t.deepEqual([...ends].sort(), ['done', 'held', 'paused', 'rolled-back']);
});

test('the same seed gives the same history to the letter, and another seed another', async (t) => {
  for (const seed of [3, 71, 124]) {
    const [one, again, other] = [await simulate(seed), await simulate(seed), await simulate(seed + 1)];
    t.is(one.transcript(true), again.transcript(true));
    t.not(one.transcript(true), other.transcript(true));
  }
});
