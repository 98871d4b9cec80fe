/**
 * The benchmarks. Each sets something that Reberth does against a yardstick measured in the same run, because a number alone says more about
 * the machine than about the program. Results are also kept under `bench/results`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { agentMemory } from './agent-memory.ts';
import { askRoundTrip } from './ask-round-trip.ts';
import { decideEvents } from './decide.ts';
import { journal } from './journal.ts';
import { thisMachine } from './lib/machine.ts';
import { type Recorded, type Result, resultText } from './lib/result.ts';
import { move } from './move.ts';

interface Options {
  readonly lab: string;
  /** Empty: the latest. */
  readonly rollout: string;
}

interface Benchmark {
  readonly text: string;
  run(options: Options): Promise<Result>;
}

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  'agent-memory': { text: 'an agent at rest against a bare Node process (a minute)', run: agentMemory },
  journal: { text: 'a record on disk against a bare write and fdatasync', run: journal },
  decide: { text: 'events reduced and decided against JSON.parse of them', run: decideEvents },
  'ask-round-trip': { text: 'ask → report over a real broker against a bare request → reply', run: askRoundTrip },
  move: { text: 'the last move of a lab against its unavoidable waits', run: move },
};
const RESULTS = fileURLToPath(new URL('results/', import.meta.url));

const help = () => `usage: npm run bench -- [NAME...] [--json] [--lab NAME] [--rollout ID]

${Object.entries(BENCHMARKS)
  .map(([name, { text }]) => `  ${name.padEnd(16)} ${text}`)
  .join('\n')}

Without a name: all of them; move needs a lab that is up, and a move that was made in it.
  --json        results as one JSON array
  --lab NAME    whose last rollout \`move\` reads (default)
  --rollout ID  another one than the last
  --help        this text
`;

process.exitCode = await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  return 1;
});

async function main(argv: readonly string[]): Promise<number> {
  const asked = parse(argv);
  if (typeof asked === 'string') {
    process.stderr.write(`${asked}\n\n${help()}`);
    return 2;
  }
  const { values, positionals } = asked;
  if (values.help) {
    process.stdout.write(help());
    return 0;
  }
  const results: Recorded[] = [];
  let failed = 0;
  for (const name of positionals.length === 0 ? Object.keys(BENCHMARKS) : positionals) {
    process.stderr.write(`measuring ${name} …\n`);
    try {
      const result = await record(name, values);
      results.push(result);
      if (!values.json) process.stdout.write(`${resultText(result)}\n`);
    } catch (error) {
      failed += 1;
      process.stderr.write(`cannot finish ${name}: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
  if (values.json) process.stdout.write(`${JSON.stringify(results, undefined, 2)}\n`);
  return failed === 0 ? 0 : 1;
}

function parse(argv: readonly string[]) {
  try {
    const options = {
      help: { type: 'boolean', short: 'h' },
      json: { type: 'boolean', default: false },
      lab: { type: 'string', default: 'default' },
      rollout: { type: 'string', default: '' },
    } as const;
    const parsed = parseArgs({ args: [...argv], allowPositionals: true, options });
    const unknown = parsed.positionals.filter((name) => !Object.hasOwn(BENCHMARKS, name));
    return unknown.length === 0 ? parsed : `cannot measure ${unknown.join(', ')}: no such benchmark`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function record(name: string, options: Options): Promise<Recorded> {
  const benchmark = BENCHMARKS[name];
  if (benchmark === undefined) throw new Error('no such benchmark');
  const machine = thisMachine();
  const result = await benchmark.run(options);
  const recorded = { ...result, machine, measuredAt: new Date().toISOString() };
  await mkdir(RESULTS, { recursive: true });
  await writeFile(`${RESULTS}${name}.json`, `${JSON.stringify(recorded, undefined, 2)}\n`);
  return recorded;
}
