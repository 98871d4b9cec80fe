#!/usr/bin/env node
// The commands behind `npm run`. Works straight after `git clone`: nothing here needs more than Node 20 until set-up has run.
import { Failure } from './lib/steps.mjs';

const COMMANDS = {
  demo: { text: 'raise the lab and move its control-plane address, live', run: async () => (await import('./demo.mjs')).demo() },
  test: { text: 'every test, the lab included', run: async (args) => (await import('./test.mjs')).test({ fast: args.includes('--fast') }) },
  'test:fast': { text: 'every test that needs no lab', run: async () => (await import('./test.mjs')).test({ fast: true }) },
  check: { text: 'types, lint, import rules, generated files fresh', run: async () => (await import('./check.mjs')).check() },
  build: { text: 'bundles into dist/reberth, laid out as on a host', run: async () => (await import('./build.mjs')).setUpAndBuild() },
  lab: { text: 'the lab: up, down, status, exec …', run: async (args) => (await import('./lab.mjs')).lab(args) },
  proto: { text: 'regenerate what is made from proto/', run: (args) => source('scripts/proto.mjs', args) },
  chaos: { text: 'every fault in the middle of a move, in one lab; --only NAME, --list', run: (args) => chaos(args) },
  sim: {
    text: 'moves by the thousand in virtual time, with trouble by seed; --seeds N --from SEED',
    run: (args) => source('test/sim/main.ts', args),
  },
  'crash-matrix': { text: 'kill agent and coordinator at every call; --every N, --lanes N', run: (args) => source('test/crash/main.ts', args) },
  bench: { text: 'measure, and compare with the yardsticks', run: (args) => source('bench/main.ts', args) },
};

async function source(file, args) {
  const { runSource, setUp } = await import('./setup.mjs');
  await setUp({ tests: true });
  return runSource(file, args);
}

/** What is tried is the code as it is now. */
async function chaos(args) {
  const { runSource, setUp } = await import('./setup.mjs');
  const looksOnly = args.includes('--list');
  await setUp(looksOnly ? {} : { tests: true, lab: true, kubernetes: ['current'] });
  if (!looksOnly) await (await import('./build.mjs')).build();
  return runSource('test/chaos/main.ts', args);
}

const help = () =>
  `usage: node scripts/run.mjs COMMAND [ARGUMENT...]\n\n${Object.entries(COMMANDS)
    .map(([name, { text }]) => `  ${name.padEnd(10)} ${text}`)
    .join('\n')}\n`;

async function main([name = '--help', ...args]) {
  const command = COMMANDS[name];
  if (command === undefined) {
    const asked = name === '--help' || name === 'help';
    process[asked ? 'stdout' : 'stderr'].write(asked ? help() : `cannot run ${name}: no such command\n\n${help()}`);
    return asked ? 0 : 2;
  }
  try {
    return await command.run(args);
  } catch (error) {
    process.stderr.write(error instanceof Failure ? `${error.message}\n` : `${error?.stack ?? error}\n`);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
