/** The simulator is worth something only if it notices a broken rule. */
import test from 'ava';
import { mutations } from '../sim/mutations.ts';
import { simulate } from '../sim/simulate.ts';

const WITHIN_SEEDS = 40;

for (const { title, breaks, seams } of mutations) {
  test.serial(`${title} is noticed within ${WITHIN_SEEDS} seeds`, async (t) => {
    for (let seed = 1; seed <= WITHIN_SEEDS; seed += 1) {
      const { broken } = await simulate(seed, seams);
      const found = broken.find(({ promise }) => breaks.test(promise));
      if (found === undefined) continue;
      t.log(`seed ${seed}: ${found.promise}: ${found.why}`);
      return t.pass();
    }
    return t.fail('nobody noticed');
  });
}
