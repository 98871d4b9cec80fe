/**
 * One trial: both hosts and the coordinator, one of them as a process that dies at its points, one after another, and is started again each
 * time. Everything must come to its end by itself; then the disks are judged (judge.ts).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream, type WriteStream } from 'node:fs';
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runAgent } from './agent.ts';
import { runCoordinator } from './coordinator.ts';
import type { Lane } from './ground.ts';
import { judge } from './judge.ts';
import type { Log, Phase, Running, TrialOptions, Who } from './options.ts';
import { unwatched } from './points.ts';
import { HOSTS } from './world.ts';

export interface Wanted {
  readonly who: Who;
  readonly phase: Phase;
  /** The first process dies at the first point, the next one at the second. */
  readonly crashAt: readonly string[];
}

export interface Met {
  /** How many of them before it took up its work. */
  readonly recovered: number;
  readonly met: readonly string[];
}

export interface Trial {
  readonly wanted: Wanted;
  /** How many of the wanted deaths came. */
  readonly deaths: number;
  /** What is wrong afterwards; empty when it survived. */
  readonly problems: readonly string[];
  /** Of the last process, which was not killed. */
  readonly last: Met;
  readonly tookMs: number;
}

export interface Grounds {
  /** The bundled victim.ts. */
  readonly program: string;
  readonly planFile: string;
  /** What a trial starts from, by phase. */
  readonly start: Readonly<Record<Phase, string>>;
}

const WITHIN_MS = 90_000;
const NONE: Met = { recovered: 0, met: [] };

/** `keep`: where to leave the folder afterwards. */
export async function runTrial(lane: Lane, grounds: Grounds, wanted: Wanted, keep?: string): Promise<Trial> {
  const startedAtMs = performance.now();
  const folder = join(lane.folder, 'trial');
  await rm(folder, { recursive: true, force: true });
  await cp(grounds.start[wanted.phase], folder, { recursive: true, preserveTimestamps: true });
  await lane.forgetAsks();
  const options: TrialOptions = { folder, etc: lane.etc, server: lane.server, planFile: grounds.planFile, phase: wanted.phase };
  const said = createWriteStream(join(folder, 'said.log'));
  const others: Running[] = [];
  const lives = liveAndDie(options, wanted, grounds.program, said);
  const problems: string[] = [];
  let last: Met = NONE;
  let deaths = 0;
  try {
    for (const who of ['coordinator', ...HOSTS] as const) if (who !== wanted.who) others.push(await start(options, who, logTo(said, who)));
    const [first] = others;
    const over = wanted.who === 'coordinator' ? lives.ended : Promise.race([first?.ended, lives.ended]);
    await within(over);
    await lives.stop();
    ({ deaths, last } = await within(lives.ended));
  } catch (error) {
    problems.push(error instanceof Error ? error.message : String(error));
    lives.kill();
  } finally {
    for (const other of others) await other.close().catch((error: unknown) => problems.push(`cannot close: ${String(error)}`));
    await new Promise<void>((resolve) => void said.end(() => resolve()));
  }
  if (problems.length === 0) problems.push(...(await judge(folder, grounds.planFile, wanted, grounds.start.forward)));
  if (keep !== undefined) {
    await mkdir(keep, { recursive: true });
    await cp(folder, keep, { recursive: true, preserveTimestamps: true });
  }
  return { wanted, deaths, problems, last, tookMs: performance.now() - startedAtMs };
}

const start = (options: TrialOptions, who: Who, log: Log): Promise<Running> =>
  who === 'coordinator' ? runCoordinator(options, unwatched, log) : runAgent(options, who, unwatched, log);

interface Lives {
  /** When a process has ended by itself. Rejects when it ended badly. */
  readonly ended: Promise<{ readonly deaths: number; readonly last: Met }>;
  stop(): Promise<void>;
  kill(): void;
}

function liveAndDie(options: TrialOptions, { who, crashAt }: Wanted, program: string, said: WriteStream): Lives {
  const listFile = join(options.folder, 'points.json');
  let child: ChildProcess | undefined;
  let stopping = false;
  const live = async (point: string | undefined): Promise<'killed' | 'ended'> => {
    const file = join(options.folder, 'victim.json');
    await writeFile(file, JSON.stringify({ ...options, who, listFile, ...(point === undefined ? {} : { crashAt: point }) }));
    const env = { ...process.env, NODE_COMPILE_CACHE: `${program}.cache` };
    const own = spawn(process.execPath, ['--no-warnings', program, file], { stdio: ['ignore', 'pipe', 'pipe'], env });
    child = own;
    own.stdout.pipe(said, { end: false });
    own.stderr.pipe(said, { end: false });
    // Killed while it was stopping: once more, as soon as it listens.
    if (stopping) own.stdout.once('data', () => own.kill('SIGTERM'));
    return new Promise((resolve, reject) => {
      own.once('error', reject);
      own.once('close', (code, signal) => {
        said.write(`--- ${who} ended: ${signal ?? code}\n`);
        if (signal === 'SIGKILL' && point !== undefined) resolve('killed');
        else if (code === 0) resolve('ended');
        else reject(new Error(`${who} ended with ${signal ?? code}`));
      });
    });
  };
  const all = async () => {
    let deaths = 0;
    for (const point of crashAt) {
      if ((await live(point)) === 'ended') return { deaths, last: await metIn(listFile) };
      deaths += 1;
    }
    await live(undefined);
    return { deaths, last: await metIn(listFile) };
  };
  const ended = all();
  ended.catch(() => undefined);
  return {
    ended,
    async stop() {
      stopping = true;
      child?.kill('SIGTERM');
    },
    kill: () => void child?.kill('SIGKILL'),
  };
}

const metIn = async (file: string): Promise<Met> => JSON.parse(await readFile(file, 'utf8'));

async function within<T>(work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${WITHIN_MS / 1000} s`)), WITHIN_MS);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

const logTo = (said: WriteStream, who: Who): Log => ({
  info: (fields, message) => void said.write(`${who} info ${message} ${JSON.stringify(fields)}\n`),
  warn: (fields, message) => void said.write(`${who} warn ${message} ${JSON.stringify(fields)}\n`),
  error: (fields, message) => void said.write(`${who} error ${message} ${JSON.stringify(fields)}\n`),
});
