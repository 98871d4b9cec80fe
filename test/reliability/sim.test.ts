/** A fixed handful of seeds with every test run; thousands with `npm run sim`. A seed that once failed has its bug as a named test elsewhere. */
import test from 'ava';
import { simulate } from '../sim/simulate.ts';

const SEEDS = 150;
/** A test each, so that a busy machine shows progress. */
const AT_ONCE = 25;
const ends = new Set<string>();

for (let from = 1; from <= SEEDS; from += AT_ONCE) {
  test.serial(`seeds ${from} to ${from + AT_ONCE - 1} of trouble break no promise`, async (t) => {
    for (let seed = from; seed < from + AT_ONCE; seed += 1) {
      const { broken, ends: ended } = await simulate(seed);
      for (const { promise, why } of broken) t.fail(`seed ${seed}: ${promise}: ${why}; again: npm run sim -- --from ${seed} --seeds 1 --transcript`);
      for (const end of ended) ends.add(end);
    }
    t.pass();
  });
}

test.serial('every kind of end occurs among them', (t) => {
  t.deepEqual([...ends].sort(), ['done', 'held', 'paused', 'rolled-back']);
});

test.serial('the same seed gives the same history to the letter, and another seed another', async (t) => {
  for (const seed of [3, 71, 124]) {
    const [one, again, other] = [await simulate(seed), await simulate(seed), await simulate(seed + 1)];
    t.is(one.transcript(true), again.transcript(true));
    t.not(one.transcript(true), other.transcript(true));
  }
});
