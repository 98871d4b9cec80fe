// What a reader should not have to check by eye: types, lint and format, import rules, generated files fresh. All of them run, then the
// verdict.
import { inRoot, node, tool } from './lib/paths.mjs';
import { run } from './lib/run-program.mjs';
import { Failure, step } from './lib/steps.mjs';
import { setUp } from './setup.mjs';

const CHECKS = [
  { title: 'types', run: () => run(node, [tool('tsc'), '--noEmit', '-p', '.']) },
  { title: 'lint and format', run: () => run(node, [tool('biome'), 'check', '--error-on-warnings']) },
  { title: 'import rules', run: () => run(node, [tool('ava'), 'test/rules/**/*.test.ts']) },
  { title: 'generated files fresh', run: () => run(node, [inRoot('scripts/proto.mjs'), '--check']) },
];

export async function check() {
  await setUp();
  const failed = [];
  for (const { title, run: runCheck } of CHECKS) {
    await step(title, async () => {
      if ((await runCheck()) !== 0) throw new Failure(title);
    }).catch(() => failed.push(title));
  }
  process.stdout.write(failed.length === 0 ? 'all checks passed\n' : `checks failed: ${failed.join(', ')}\n`);
  return failed.length === 0 ? 0 : 1;
}
