/**
 * A process that is to be killed: the coordinator or one agent of a trial, with every point watched. Its only argument is a file with its
 * options. It lists the points that it met when it ends by itself.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Log, Running, VictimOptions } from './options.ts';
import { createPoints, watchGround } from './points.ts';

const options: VictimOptions = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
const say = (level: string) => (fields: object, message: string) => void process.stdout.write(`${level} ${message} ${JSON.stringify(fields)}\n`);
const log: Log = { info: say('info'), warn: say('warn'), error: say('error') };

const points = createPoints({ crashAt: options.crashAt, folder: options.folder, die: () => void process.kill(process.pid, 'SIGKILL') });
// First: whoever is loaded later takes the watched disk for the real one.
watchGround(points);

async function start(): Promise<Running> {
  if (options.who === 'coordinator') return (await import('./coordinator.ts')).runCoordinator(options, points, log);
  return (await import('./agent.ts')).runAgent(options, options.who, points, log);
}

async function main(): Promise<void> {
  const told = new Promise<void>((resolve) => void process.once('SIGTERM', () => resolve()));
  // From here on it can be told to stop.
  process.stdout.write('up\n');
  const running = await start();
  await Promise.race([running.ended, told]);
  await running.close();
  writeFileSync(options.listFile, JSON.stringify({ recovered: running.recovered, met: points.met }));
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stdout.write(`cannot go on: ${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
