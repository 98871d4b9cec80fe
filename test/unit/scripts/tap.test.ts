import test from 'ava';
import { closingLine, tapReader } from '../../../scripts/lib/tap.mjs';

const read = (text: string, exitCode: number) => {
  const failures: string[] = [];
  const titles: string[] = [];
  const reader = tapReader({ onFailure: (block) => failures.push(block), onResult: ({ title }) => titles.push(title) });
  for (const line of text.split('\n')) reader.line(line);
  return { count: reader.end(exitCode), failures, titles };
};

const GOOD = 'TAP version 13\nok 1 - tally › no gap\nok 2 - tally › a gap\n#   a log line\n\n1..2\n# tests 2\n# pass 2\n# fail 0\n';

test('a run whose tests all pass counts them and names no failure', (t) => {
  const { count, failures, titles } = read(GOOD, 0);
  t.deepEqual(count, { passed: 2, failed: 0, skipped: 0 });
  t.deepEqual(failures, []);
  t.deepEqual(titles, ['tally › no gap', 'tally › a gap']);
  t.is(closingLine(count), '2 passed, 0 failed');
});

test('a failure is told with all its details, and nothing of the next test', (t) => {
  const { count, failures } = read("not ok 1 - b › bad\n  ---\n    message: ''\n\n    at: 'b.ts:3'\n  ...\nok 2 - b › good\n\n1..2\n# fail 1\n", 1);
  t.deepEqual(count, { passed: 1, failed: 1, skipped: 0 });
  t.is(failures.length, 1);
  t.true(failures[0]?.startsWith('not ok 1 - b › bad\n'));
  t.regex(failures[0] ?? '', /at: 'b.ts:3'/);
  t.notRegex(failures[0] ?? '', /good/);
});

test('a skipped test is neither passed nor failed', (t) => {
  t.deepEqual(read('ok 1 - a › later # SKIP\nok 2 - a › now\n\n1..2\n', 0).count, { passed: 1, failed: 0, skipped: 1 });
});

test('a run that breaks off counts as one failure, also with exit code 0', (t) => {
  t.is(read('ok 1 - a › one\n', 0).count.failed, 1);
  t.is(read('', 137).count.failed, 1);
});

test('a run that fails without naming a test counts as one failure', (t) => {
  const { count, failures } = read(GOOD, 1);
  t.is(count.failed, 1);
  t.regex(failures[0] ?? '', /ended with code 1/);
});
