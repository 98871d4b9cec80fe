import { watchDeadlines } from '@reberth/agent/deadline/watch.ts';
import type { Report } from '@reberth/protocol/ask.ts';
import test from 'ava';

const reported = (outcome: Report['outcome']): Report => ({ outcome }) as Report;

test('it looks several times a second, and rests after what could not be taken back', async (t) => {
  const answers: (readonly Report[])[] = [[], [reported('undone')], [reported('failed')], [reported('refused'), reported('undone')], []];
  const stop = new AbortController();
  const slept: number[] = [];
  await watchDeadlines(
    {
      takeBackOverdue: async () => answers.shift() ?? [],
      async sleep(ms) {
        slept.push(ms);
        if (answers.length === 0) stop.abort();
      },
    },
    stop.signal,
  );
  t.deepEqual(slept, [250, 250, 5_000, 5_000, 250]);
});

test('a journal that takes no write any more ends the watch', async (t) => {
  const takeBackOverdue = () => Promise.reject(new Error('cannot write the journal'));
  await t.throwsAsync(watchDeadlines({ takeBackOverdue, sleep: async () => undefined }, new AbortController().signal), {
    message: 'cannot write the journal',
  });
});
