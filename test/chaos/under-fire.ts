/**
 * One case from the old address to the old address: a move is begun, the fault struck at its moment, the rollout followed to rest, the one
 * command taken that its status names; then everything is compared that must be so whatever the fault was. A move that got through is undone
 * at the end. Collects what is wrong and goes on looking, so that one run tells all.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Plan } from '@reberth/protocol/plan.ts';
import { until } from '../../lab/src/until.ts';
import { contradictions, difference, disturbed, population, unlikePlanned } from '../support/lab/after-fire.ts';
import { HOSTS, NEW, OLD, PORT } from '../support/lab/cluster.ts';
import { type Followed, followRollout, type StatusAnswer } from '../support/lab/followed.ts';
import { type Client, type Counted, startClient } from '../support/lab/observed-move.ts';
import { promisedAfter, promisedAtFirst } from '../support/lab/promised.ts';
import { type ChaosCase, isMoment, type Site, type Strike } from './case.ts';

export interface CaseResult {
  readonly name: string;
  readonly fault: string;
  /** How the rollout came to rest, and the ways out that were taken from there: `held → resume → done`. */
  readonly course: string;
  readonly requests: number;
  readonly failed: number;
  readonly longestGapMs: number;
  readonly takesAway: string;
  readonly seconds: number;
  /** Nothing here: the case was survived. */
  readonly wrong: readonly string[];
  readonly failures: readonly string[];
  /** What the rollout's events say, when something is wrong. */
  readonly transcript: readonly string[];
}

export type ClientFiles = readonly [string, string, string];

/** A case that has not come to rest by then never will. */
const LIMIT_MS = 8 * 60_000;
/** Gentler than the client of the undisturbed move: hosts that boot and recover share the machine with it. Slowness is told as the longest gap. */
const PACE = { held: 5, intervalMs: 50, timeoutMs: 15_000 };

export async function underFire(
  site: Site,
  theCase: ChaosCase,
  files: ClientFiles,
  note: (text: string) => void = () => undefined,
): Promise<CaseResult> {
  const startedAtMs = Date.now();
  const wrong: string[] = [];
  const course: string[] = [];
  const client = await startClient(site.lab, files, PACE);
  let counted: Readonly<Record<string, Counted>> = {};
  try {
    await theCase.prepare?.(site);
    await withinLimit(move(site, theCase, client, course, wrong, note));
  } catch (error) {
    wrong.push(error instanceof Error ? error.message : String(error));
  } finally {
    counted = await client.report();
    await client.stop();
    await theCase.clear?.(site);
    await site.lab.heal();
  }
  const all = Object.entries(counted);
  const failed = sum(all.map(([, { failed }]) => failed));
  const broken = sum(all.map(([, { heldBroken }]) => heldBroken));
  if (theCase.takesAway === undefined && failed + broken > 0) wrong.push(`${failed} requests failed and ${broken} held connections broke`);
  const transcript = wrong.length === 0 ? [] : (await site.cluster.reberth('events')).stdout.trimEnd().split('\n');
  return {
    transcript,
    name: theCase.name,
    fault: theCase.fault,
    course: course.join(' → '),
    requests: sum(all.map(([, { requests }]) => requests)),
    failed,
    longestGapMs: Math.round(Math.max(0, ...all.map(([, { longestGapMs }]) => longestGapMs))),
    takesAway: theCase.takesAway ?? '',
    seconds: Math.round((Date.now() - startedAtMs) / 1000),
    wrong,
    failures: all.flatMap(([endpoint, { failures }]) => failures.map((failure) => `${endpoint} ${failure}`)),
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

async function withinLimit(work: Promise<void>): Promise<void> {
  const timer = new AbortController();
  const late = sleep(LIMIT_MS, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`not at an end after ${LIMIT_MS / 60_000} minutes`);
  });
  late.catch(() => undefined);
  try {
    await Promise.race([work, late]);
  } finally {
    timer.abort();
  }
}

async function move(site: Site, theCase: ChaosCase, client: Client, course: string[], wrong: string[], note: (text: string) => void): Promise<void> {
  const { cluster, lab } = site;
  const planned = await cluster.plan(NEW, '--accept-stragglers', '--soak', '5');
  if (planned.code !== 0) throw new Error(`cannot plan: ${planned.stdout}${planned.stderr}`);
  const [before, populationBefore] = [await cluster.files(), await population(cluster)];
  const toStrike = new Set<Strike>([theCase, ...(theCase.more ?? [])]);
  let struck: Promise<void> = Promise.resolve();
  let promised = promisedAtFirst;
  client.watch(`${OLD}:${PORT}`);
  const strike = (fault: Strike): void => {
    toStrike.delete(fault);
    const at = new Date().toISOString();
    const over = fault.strike(site).then(
      () => note(`${fault.moment.stage}: struck ${at}, over ${new Date().toISOString()}`),
      (error: unknown) => void wrong.push(`cannot strike in ${fault.moment.stage}: ${error}`),
    );
    struck = Promise.all([struck, over]).then(() => undefined);
  };
  const followed = followRollout(cluster, (event) => {
    promised = promisedAfter(promised, event);
    client[promised.old ? 'watch' : 'unwatch'](`${OLD}:${PORT}`);
    client[promised.new ? 'watch' : 'unwatch'](`${NEW}:${PORT}`);
    for (const fault of toStrike) if (isMoment(fault.moment, event)) strike(fault);
  });
  const applied = await followed.run('apply', '/root/plan.json', '--yes');
  if (followed.events.length === 0) throw new Error(`cannot apply: ${applied.stderr}`);
  const rest = await followed.toRest();
  await struck;
  for (const { moment } of toStrike) wrong.push(`nothing was struck in ${moment.stage}`);
  course.push(rest.state);
  if (!theCase.rests.some((state) => state === rest.state)) wrong.push(`came to rest ${rest.state}: ${rest.text}`);
  await theCase.mend?.(site);
  const end = await wayOut(followed, rest, course);
  wrong.push(...(theCase.judge?.(followed.events) ?? []));
  await wellAgain(site);
  const after = await cluster.files();
  const plan = JSON.parse((await lab.readFile('.41', '/root/plan.json')).toString('utf8')) as Plan;
  if (end.state === 'done') wrong.push(...unlikePlanned(plan, before, after));
  else if (end.state === 'rolled-back') wrong.push(...difference(before, after).map((name) => `${name} is not as it was`));
  else wrong.push(`no way out: ${end.state}: ${end.text}; next: ${end.next}`);
  const report = await cluster.report();
  if (report.outcome !== end.state) wrong.push(`the report says ${report.outcome}, the status ${end.state}`);
  wrong.push(...(await contradictions(cluster, report)));
  wrong.push(...disturbed(populationBefore, await population(cluster), theCase.lostPower ?? []));
  if (end.state === 'rolled-back') return;
  await followed.run('undo', '--yes');
  const back = await followed.toRest();
  if (back.state !== 'rolled-back') wrong.push(`undone afterwards, it is ${back.state}: ${back.text}`);
  wrong.push(...difference(before, await cluster.files()).map((name) => `${name} is not as it was, undone afterwards`));
}

/** One command, and following what it set going; a second one means that the first did not lead out. */
async function wayOut(followed: Followed, rest: StatusAnswer, course: string[]): Promise<StatusAnswer> {
  if (rest.state !== 'held' && rest.state !== 'paused') return rest;
  const [program, verb = '', ...args] = rest.next.split(' ');
  course.push(verb);
  if (program !== 'reberth') return rest;
  await followed.run(verb, ...args, ...(verb === 'undo' ? ['--yes'] : []));
  const end = await followed.toRest();
  course.push(end.state);
  return end;
}

/** Hosts up, Nodes Ready, agents heard, the address on one host: what the next case, and the comparisons, begin from. */
async function wellAgain({ lab, cluster }: Site): Promise<void> {
  const limitMs = 120_000;
  await until(
    'the lab well again',
    async () => {
      const { code, stdout, stderr } = await lab.exec('.41', ['/usr/local/bin/kubectl', 'get', 'nodes', '--no-headers']);
      if (code !== 0) return stderr.trim();
      const ready = stdout.split('\n').filter((line) => /\sReady/.test(line)).length;
      if (ready !== HOSTS.length) return `${ready} Nodes Ready`;
      const pods = await lab.exec('.41', ['/usr/local/bin/kubectl', 'get', 'pods', '-A', '--no-headers']);
      if (pods.stdout.split('\n').some((line) => line !== '' && !/\s(\d+)\/\1\s+Running/.test(line))) return 'pods not running';
      const health = await cluster.reberth('hosts', '--json');
      return health.code === 0 || health.stderr.trim();
    },
    limitMs,
  );
}
