/**
 * A fixed thin selection of the crash matrix: every n-th point of each process and phase, with real files and a real nats-server. All of them:
 * `npm run crash-matrix`.
 */
import test from 'ava';
import { runMatrix } from '../crash/matrix.ts';

/** Enough for every kind of call, few enough for a minute. */
const EVERY = 31;

test('killed at every 31st point, forward, in undo and again in recovery, everything is before or after and nobody contradicts', async (t) => {
  t.timeout(400_000);
  const { enumerated, results } = await runMatrix({ lanes: 2, every: EVERY, signal: new AbortController().signal, tell: (text) => t.log(text) });
  t.true(enumerated.every(({ points }) => points.length > 100));
  t.true(results.length >= 40, `${results.length} runs`);
  t.true(results.some(({ again }) => again));
  t.deepEqual(
    results.filter(({ survived }) => !survived).map(({ who, phase, point, problems }) => `${who} ${phase} ${point}: ${problems.join('; ')}`),
    [],
  );
});
