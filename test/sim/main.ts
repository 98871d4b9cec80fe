/** `npm run sim -- [--seeds N] [--from SEED] [--transcript]`: seed after seed, until one breaks a promise. A seed replays by its number alone. */
import { parseArgs } from 'node:util';
import { type Simulated, simulate } from './simulate.ts';

const USAGE = 'usage: npm run sim -- [--seeds N] [--from SEED] [--transcript] [--keep-going]\n';

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seeds: { type: 'string', default: '200' },
      from: { type: 'string', default: '1' },
      transcript: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [seeds, from] = [Number(values.seeds), Number(values.from)];
  if (values.help || !Number.isSafeInteger(seeds) || !Number.isSafeInteger(from)) {
    process.stdout.write(USAGE);
    return values.help ? 0 : 2;
  }
  const startedAtMs = performance.now();
  const ends = new Map<string, number>();
  let failed = 0;
  let virtualMs = 0;
  for (let seed = from; seed < from + seeds; seed += 1) {
    const result = await simulate(seed);
    virtualMs += result.virtualMs;
    const end = result.ends.at(-1) ?? 'nothing';
    ends.set(end, (ends.get(end) ?? 0) + 1);
    if (values.transcript) process.stdout.write(`${result.transcript(true)}\n`);
    if (result.broken.length === 0) continue;
    failed += 1;
    process.stdout.write(brokenText(result, values['keep-going'] || values.transcript));
    if (!values['keep-going']) break;
  }
  const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
  const told = [...ends].map(([end, count]) => `${count} ${end}`).join(', ');
  process.stdout.write(
    `seeds ${from} to ${from + seeds - 1}: ${failed} broken; ended ${told}; ${Math.round(virtualMs / 3_600_000)} h lived through in ${seconds} s\n`,
  );
  return failed === 0 ? 0 : 1;
}

function brokenText(result: Simulated, isShort: boolean): string {
  const { seed, broken } = result;
  const promises = broken.map(({ promise, why }) => `seed ${seed}: broken: ${promise}: ${why}\n`).join('');
  return isShort ? promises : `${result.transcript(false)}\n${promises}again: npm run sim -- --from ${seed} --seeds 1 --transcript\n`;
}

process.exitCode = await main(process.argv.slice(2));
