/**
 * The crash matrix: one run without a death for each process and phase tells which points there are; then one run for each of them, and one
 * with a second death for each point that recovery itself has. Several lanes side by side, each with a broker of its own.
 */
import { access, cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bundle } from '../../scripts/build.mjs';
import { type Lane, openLane, ROOM } from './ground.ts';
import type { Phase, Who } from './options.ts';
import { type Grounds, runTrial, type Trial, type Wanted } from './trial.ts';
import { HOSTS, layOut } from './world.ts';

export const PHASES: readonly Phase[] = ['forward', 'undo'];
export const WHO: readonly Who[] = ['coordinator', ...HOSTS];
/** A point that a clock moved away in one run may be there in the next. */
const TRIES = 3;

export interface Result {
  readonly who: Who;
  readonly phase: Phase;
  /** Whether the second death of a trial is counted here. */
  readonly again: boolean;
  readonly point: string;
  readonly survived: boolean;
  readonly problems: readonly string[];
  readonly folder: string;
}

export interface MatrixOptions {
  readonly lanes: number;
  /** Every n-th point of each count only; 1 for all. */
  readonly every: number;
  /** Aborted, no further trial is begun. */
  readonly signal: AbortSignal;
  tell(text: string): void;
}

export interface Enumerated {
  readonly who: Who;
  readonly phase: Phase;
  readonly points: readonly string[];
}

export interface Matrix {
  readonly enumerated: readonly Enumerated[];
  readonly results: readonly Result[];
  /** How many trials there should have been. */
  readonly wanted: number;
}

export async function runMatrix({ lanes: laneCount, every, signal, tell }: MatrixOptions): Promise<Matrix> {
  const folder = await mkdtemp(join(ROOM, 'reberth-crash-matrix-'));
  const lanes: Lane[] = [];
  let failed = false;
  try {
    for (let index = 0; index < laneCount; index += 1) lanes.push(await openLane());
    const grounds = await prepare(folder);
    const enumerated = await enumerate(lanes, grounds, tell);
    const results: Result[] = [];
    let wanted = 0;
    const run = async (jobs: readonly Wanted[], again: boolean): Promise<readonly Trial[]> => {
      let done = 0;
      wanted += jobs.length;
      return sideBySide(lanes, jobs, signal, async (lane, job) => {
        const kept = join(folder, 'failed', `${again ? 'again' : 'first'}-${jobs.indexOf(job)}`);
        const trial = await tried(lane, grounds, job, kept);
        const result = resultOf(trial, again, kept);
        results.push(result);
        done += 1;
        failed ||= !result.survived;
        if (!result.survived) tell(`FAILED ${result.who} ${result.phase}: ${job.crashAt.join(', then ')}: ${result.problems.join('; ')}`);
        if (done % 25 === 0) tell(`${again ? 'recovery' : 'first death'}: ${done} of ${jobs.length}`);
        return trial;
      });
    };
    const firsts = enumerated.flatMap(({ who, phase, points }) => points.map((point): Wanted => ({ who, phase, crashAt: [point] })));
    const survived = await run(everyNth(firsts, every), false);
    await run(everyNth(recoveries(survived), every), true);
    return { enumerated, results, wanted };
  } finally {
    for (const lane of lanes) await lane.close();
    if (!failed) await rm(folder, { recursive: true, force: true });
  }
}

async function prepare(folder: string): Promise<Grounds> {
  await bundle({ victim: join(import.meta.dirname, 'victim.ts') }, folder);
  const start = { forward: join(folder, 'forward'), undo: join(folder, 'undo') };
  const planFile = join(folder, 'plan.json');
  await writeFile(planFile, JSON.stringify(await layOut(start.forward)));
  return { program: join(folder, 'victim.cjs'), planFile, start };
}

/** Runs without a death. The first one forward is also what every trial of undo starts from. */
async function enumerate(lanes: readonly Lane[], grounds: Grounds, tell: MatrixOptions['tell']): Promise<readonly Enumerated[]> {
  const enumerated: Enumerated[] = [];
  for (const phase of PHASES) {
    const jobs = WHO.map((who): Wanted => ({ who, phase, crashAt: [] }));
    const trials = await sideBySide(lanes, jobs, undefined, async (lane, wanted) => {
      const keep = phase === 'forward' && wanted.who === 'coordinator' ? grounds.start.undo : undefined;
      const trial = await runTrial(lane, grounds, wanted, keep);
      if (trial.problems.length > 0) {
        await cp(join(lane.folder, 'trial'), '/tmp/reberth-crash-enumerate', { recursive: true });
        throw new Error(`cannot enumerate: without any death, ${wanted.who} ${phase}: ${trial.problems.join('; ')}`);
      }
      return trial;
    });
    for (const { wanted, last } of trials) enumerated.push({ who: wanted.who, phase, points: last.met });
    tell(`${phase}: ${trials.map(({ wanted, last, tookMs }) => `${wanted.who} ${last.met.length} points (${Math.round(tookMs)} ms)`).join(', ')}`);
    if (phase === 'forward') await access(grounds.start.undo);
  }
  return enumerated;
}

async function tried(lane: Lane, grounds: Grounds, wanted: Wanted, keep: string): Promise<Trial> {
  for (let attempt = 1; ; attempt += 1) {
    const trial = await runTrial(lane, grounds, wanted);
    if (trial.problems.length > 0) await cp(join(lane.folder, 'trial'), keep, { recursive: true });
    if (trial.problems.length > 0 || trial.deaths === wanted.crashAt.length || attempt === TRIES) return trial;
  }
}

function resultOf({ wanted: { who, phase, crashAt }, deaths, problems }: Trial, again: boolean, folder: string): Result {
  const missed = deaths < crashAt.length ? [`death ${deaths + 1} did not come in ${TRIES} runs`] : [];
  const all = [...problems, ...missed];
  return { who, phase, again, point: crashAt.at(-1) ?? '', survived: all.length === 0, problems: all, folder };
}

/** Each point that any recovery met, once: in the trial in which the most of them are met. */
function recoveries(trials: readonly Trial[]): readonly Wanted[] {
  const chosen = new Map<string, Wanted>();
  for (const { wanted, last } of trials.toSorted((a, b) => b.last.recovered - a.last.recovered)) {
    const { who, phase, crashAt } = wanted;
    for (const point of last.met.slice(0, last.recovered)) {
      const name = `${who} ${phase} ${point}`;
      if (!chosen.has(name)) chosen.set(name, { who, phase, crashAt: [...crashAt, point] });
    }
  }
  return [...chosen.values()];
}

const everyNth = <T>(all: readonly T[], every: number): readonly T[] => all.filter((_, index) => index % every === 0);

async function sideBySide<T, R>(
  lanes: readonly Lane[],
  jobs: readonly T[],
  signal: AbortSignal | undefined,
  work: (lane: Lane, job: T) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  await Promise.all(
    lanes.map(async (lane) => {
      for (;;) {
        const index = next;
        next += 1;
        const job = jobs[index];
        if (job === undefined || signal?.aborted === true) return;
        results[index] = await work(lane, job);
      }
    }),
  );
  return results.filter((result) => result !== undefined);
}
