// Reads TAP as ava writes it, line by line. Counts what passed and failed, and keeps the block of every failure, so that a run can be
// told in one line and its failures in full. Pure: no I/O, no waiting.

/**
 * `onResult({ ok, title, skipped })` for every test; `onFailure(block)` with the test's line and its details, once they are complete.
 * `end(exitCode)` closes the run: one that failed without naming a failed test, or that broke off before its closing plan, counts as one failure.
 */
export function tapReader({ onResult = () => {}, onFailure = () => {} } = {}) {
  const count = { passed: 0, failed: 0, skipped: 0 };
  let failure;
  let planned = false;
  const flush = () => {
    if (failure !== undefined) onFailure(failure.join('\n').trimEnd());
    failure = undefined;
  };
  return {
    line(text) {
      const result = /^(not ok|ok) \d+ - (.*)$/.exec(text);
      if (result === null) {
        planned ||= /^1\.\.\d+$/.test(text);
        if (/^(1\.\.\d+|# (tests|pass|fail|skip) \d+)$/.test(text)) return flush();
        return failure?.push(text);
      }
      flush();
      const [, verdict, title] = result;
      const skipped = / # (SKIP|TODO)\b/.test(title);
      const ok = verdict === 'ok';
      count[skipped ? 'skipped' : ok ? 'passed' : 'failed'] += 1;
      if (!ok && !skipped) failure = [text];
      onResult({ ok, title, skipped });
    },
    end(exitCode) {
      flush();
      if (count.failed === 0 && (exitCode !== 0 || !planned)) {
        count.failed += 1;
        onFailure(`the test run ended with code ${exitCode} ${planned ? 'and named no failed test' : 'before its end'}`);
      }
      return count;
    },
  };
}

/** The line that other programs read. */
export const closingLine = ({ passed, failed }) => `${passed} passed, ${failed} failed`;
