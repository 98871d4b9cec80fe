// Every test, told in one closing line: `N passed, N failed`. Quick tests run together; those that kill processes or boot hosts run one file
// at a time, because the machine is theirs while they measure. A crash of a file, of the build or of the set-up is a failure, never silence.
import { existsSync, readdirSync } from 'node:fs';
import { build } from './build.mjs';
import { inRoot, node, tool } from './lib/paths.mjs';
import { runLines } from './lib/run-program.mjs';
import { Failure, seconds, step } from './lib/steps.mjs';
import { closingLine, tapReader } from './lib/tap.mjs';
import { setUp } from './setup.mjs';

const QUICK = ['unit', 'conformance', 'rules', 'replay', 'integration'];
/** Processes killed, servers stopped, faults by seed: minutes, so not among the quick ones. */
const RELIABILITY = 'reliability';
const LAB = 'lab';
/** Both: everything runs on the current line, and one full move on the older one. */
const FLAVOURS = ['current', '1.20'];
/** A slow test may be silent while hosts boot and a whole move runs. */
const SLOW_TIMEOUT = '30m';

export async function test({ fast }) {
  const total = { passed: 0, failed: 0, skipped: 0 };
  const add = (count) => {
    for (const key of Object.keys(total)) total[key] += count[key];
  };
  /** Set-up and build are no tests; one that fails is counted as one that failed. */
  const prepare = async (what, work) => {
    try {
      await work();
      return true;
    } catch (error) {
      tell(`FAILED ${what}\n${error instanceof Failure ? error.message : error.stack}`);
      total.failed += 1;
      return false;
    }
  };
  const ready = await prepare('set-up', () => setUp({ tests: true, lab: !fast, kubernetes: fast ? [] : FLAVOURS }));
  const built = ready && (await prepare('build', build));
  if (existsSync(node)) {
    add(await suite(QUICK.join(', '), quickFiles()));
    const slow = fast ? [] : [...filesOf(RELIABILITY), ...(built ? filesOf(LAB) : [])];
    for (const file of slow) add(await suite(file, [file], ['--serial', '--concurrency=1', `--timeout=${SLOW_TIMEOUT}`]));
  }
  if (!built && !fast) tell('the lab tests did not run');
  if (total.skipped > 0) tell(`${total.skipped} skipped`);
  tell(closingLine(total));
  return total.failed === 0 ? 0 : 1;
}

const quickFiles = () => QUICK.filter((folder) => existsSync(inRoot('test', folder))).map((folder) => `test/${folder}/**/*.test.ts`);

const filesOf = (folder) =>
  existsSync(inRoot('test', folder))
    ? readdirSync(inRoot('test', folder))
        .filter((name) => name.endsWith('.test.ts'))
        .sort()
        .map((name) => `test/${folder}/${name}`)
    : [];

const suite = (title, files, options = []) =>
  step(`test ${title}`, async () => {
    const startedAtMs = performance.now();
    const slow = options.length > 0;
    const reader = tapReader({
      // Lab tests take minutes: each is told as it ends. Of the others only the failures are worth a line.
      onResult: ({ ok, title: name }) => slow && tell(`  ${ok ? 'ok' : 'FAILED'} ${name}  ${seconds(performance.now() - startedAtMs)}`),
      onFailure: (block) => tell(`FAILED ${block.replace(/^not ok \d+ - /, '')}`),
    });
    const code = await runLines(node, [tool('ava'), '--tap', ...options, ...files], reader.line);
    const count = reader.end(code);
    tell(`${title}: ${closingLine(count)}`);
    return count;
  });

const tell = (text) => process.stdout.write(`${text}\n`);
