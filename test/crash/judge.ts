/**
 * What must hold when a trial is over, read from the disks alone: files and running services all before or all after, no leftovers, both
 * kinds of journal whole and of one opinion, no step applied more often than it was begun.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readJournal } from '@reberth/agent/journal/journal.ts';
import { type Entry, keyOf } from '@reberth/agent/journal/ledger.ts';
import { fileStore } from '@reberth/coordinator/store/file-store.ts';
import { sha256 } from '@reberth/protocol/canonical.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import { type Plan, type Step, stepsOf } from '@reberth/protocol/plan.ts';
import { unframe } from '@reberth/protocol/record.ts';
import { reduce, replay } from '../../packages/coordinator/src/rollout/reduce.ts';
import { type RolloutState, stepState } from '../../packages/coordinator/src/rollout/state.ts';
import { stateOf } from './agent.ts';
import type { Phase, Who } from './options.ts';
import { effectsIn, rootOf, timersIn, unitsIn } from './sandbox.ts';
import { HOSTS, hostFolder, pair, readPlan } from './world.ts';

/** `first`: the folder with the hosts as they were before anything. */
export async function judge(
  folder: string,
  planFile: string,
  { who, phase, crashAt }: { readonly who: Who; readonly phase: Phase; readonly crashAt: readonly string[] },
  first: string,
): Promise<readonly string[]> {
  const plan = await readPlan(planFile);
  const decided = await decisions(folder);
  if (typeof decided === 'string') return [decided];
  const { state, problems } = decided;
  const mayTurnBack = phase === 'undo' || (who !== 'coordinator' && crashAt.length > 0);
  const expected = phase === 'undo' ? ['rolled-back'] : mayTurnBack ? ['done', 'rolled-back'] : ['done'];
  if (!expected.includes(state.outcome ?? '')) problems.push(`the outcome is ${state.outcome}, and not ${expected.join(' or ')}: ${state.why}`);
  for (const host of HOSTS) {
    problems.push(...(await filesOf(host, folder, first, plan, state.outcome === 'done')).map((problem) => `${host}: ${problem}`));
    problems.push(...(await journalOf(host, folder, plan, state)).map((problem) => `${host}: ${problem}`));
  }
  return problems;
}

/** The journal of decisions is whole, and says the same however it is replayed. */
async function decisions(folder: string): Promise<string | { readonly state: RolloutState; readonly problems: string[] }> {
  const store = await fileStore(join(folder, 'coordinator'));
  try {
    const rollouts = await store.rollouts();
    const [rollout] = rollouts;
    if (rollout === undefined || rollouts.length > 1) return `there are ${rollouts.length} rollouts`;
    const events = await store.read(rollout);
    const state = replay(events);
    if (state === undefined) return 'the journal of decisions is empty';
    return { state, problems: againstEvents(events, state) };
  } catch (error) {
    return `the journal of decisions cannot be read: ${String(error)}`;
  } finally {
    await store.close();
  }
}

function againstEvents(events: readonly RolloutEvent[], state: RolloutState): string[] {
  const problems: string[] = [];
  if (events.some(({ seq }, index) => seq !== index + 1)) problems.push('events are not numbered one by one');
  if (state.standing !== 'ended') problems.push(`it is ${state.standing}`);
  if (state.before === undefined) problems.push('nobody looked at the cluster before the first change');
  const asked = events.flatMap(({ body }) => (body.type === 'asked' ? [`${body.step} ${body.operation} ${body.attempt}`] : []));
  for (const ask of new Set(asked)) if (asked.filter((each) => each === ask).length > 1) problems.push(`${ask} was decided twice`);
  const inHalves = events.slice(1).reduce((before, event) => reduce(before, JSON.parse(JSON.stringify(event))), replay(events.slice(0, 1)));
  if (JSON.stringify(inHalves) !== JSON.stringify(state)) problems.push('decisions replay to another state');
  return problems;
}

interface Kept {
  readonly mode: number;
  readonly hash: string;
}

const LOADED_MARK = /^\/run\/reberth\..*\.loaded$/;

async function filesOf(host: HostId, folder: string, first: string, plan: Plan, done: boolean): Promise<readonly string[]> {
  const now = await tree(rootOf(hostFolder(folder, host)));
  const wanted = new Map(await tree(rootOf(hostFolder(first, host))));
  const made = new Set<string>();
  if (done) for (const { step } of stepsOf(plan)) if (step.host === host) writeDown(step, wanted, made);
  const problems: string[] = [];
  for (const path of new Set([...now.keys(), ...wanted.keys()])) {
    const [is, was] = [now.get(path), wanted.get(path)];
    if (done && is !== undefined && LOADED_MARK.test(path)) continue;
    if (is === undefined) problems.push(`${path} is missing`);
    else if (was === undefined) problems.push(`${path} was left behind`);
    else if (is.mode !== was.mode) problems.push(`${path} has mode ${is.mode.toString(8)} and not ${was.mode.toString(8)}`);
    else if (!made.has(path) && is.hash !== was.hash) problems.push(`${path} is not as it was ${done ? 'to become' : 'before'}`);
  }
  return [...problems, ...(await servicesOf(host, folder)), ...(made.has(pair.certFile) ? await pairOf(folder, host) : [])];
}

/** What the approved plan says of files, laid over how they were. */
function writeDown(step: Step, wanted: Map<string, Kept>, made: Set<string>): void {
  for (const { path, after } of step.expect) {
    const mode = wanted.get(path)?.mode ?? likeItsOriginal(path, wanted);
    if (after === 'absent') wanted.delete(path);
    else wanted.set(path, { mode, hash: after });
    if (after === 'made-on-host') made.add(path);
    else made.delete(path);
  }
  // The key that was staged in between is taken up by the pair.
  if (step.kind === 'serving-certificate-installed') wanted.delete(pair.stagedKeyFile);
}

const likeItsOriginal = (path: string, wanted: ReadonlyMap<string, Kept>): number => wanted.get(path.replace(/\.reberth$/, ''))?.mode ?? 0o600;

/** Every unit runs what lies on the disk. */
async function servicesOf(host: HostId, folder: string): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const [name, { loaded }] of Object.entries(unitsIn(hostFolder(folder, host))))
    for (const [path, text] of Object.entries(loaded))
      if ((await readFile(join(rootOf(hostFolder(folder, host)), path), 'utf8')) !== text) problems.push(`${name} has not read ${path} as it is`);
  return problems;
}

async function pairOf(folder: string, host: HostId): Promise<readonly string[]> {
  const read = (path: string): Promise<string> => readFile(join(rootOf(hostFolder(folder, host)), path), 'utf8');
  const certificate = new X509Certificate(await read(pair.certFile));
  return [
    ...(certificate.checkPrivateKey(createPrivateKey(await read(pair.keyFile))) ? [] : ['key and certificate are of two pairs']),
    ...(certificate.checkIP('192.168.1.40') === undefined ? ['the certificate does not cover the new address'] : []),
  ];
}

async function tree(root: string): Promise<ReadonlyMap<string, Kept>> {
  const found = new Map<string, Kept>();
  for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    found.set(`/${relative(root, file)}`, { mode: (await stat(file)).mode & 0o7777, hash: sha256(await readFile(file)) });
  }
  return found;
}

/** Whole; of the coordinator's opinion; and nothing was applied more often than it was begun. */
async function journalOf(host: HostId, folder: string, plan: Plan, state: RolloutState): Promise<readonly string[]> {
  const content = await readFile(join(stateOf(folder, host), 'journal.log'));
  const read = readJournal(content);
  const problems = read.tornTail > 0 ? ['its journal ends in the middle of a record'] : [];
  const timers = timersIn(hostFolder(folder, host));
  if (timers.length > 0) problems.push(`${timers.length} timers would still ring`);
  const intents = new Map<string, number>();
  const framed = unframe(content);
  for (const body of framed.ok ? framed.bodies : []) {
    const { is, step } = body as { readonly is?: string; readonly step?: string };
    if (is === 'intent' && step !== undefined) intents.set(step, (intents.get(step) ?? 0) + 1);
  }
  for (const { step } of stepsOf(plan)) {
    if (step.host !== host) continue;
    const entry = read.ledger.get(keyOf(state.rollout, step.id));
    problems.push(...sameOpinion(step, entry, state));
    problems.push(...notTwice(step, intents.get(step.id) ?? 0, hostFolder(folder, host)));
  }
  return problems;
}

function sameOpinion({ id }: Step, entry: Entry | undefined, state: RolloutState): readonly string[] {
  const { standing, confirmed } = stepState(state, id);
  const kept = entry?.standing ?? 'none';
  const agree = standing === kept || (state.outcome === 'rolled-back' && standing === 'none' && kept === 'none');
  const open = kept === 'doing' || kept === 'undoing' ? [`${id} is still open`] : [];
  return agree ? open : [...open, `${id} is reported ${standing}${confirmed ? ', confirmed' : ''}, and the host's journal says ${kept}`];
}

/** A start on what only this step writes is the step's effect: one for each intent at most. Ways back may be gone twice. */
function notTwice(step: Step, begun: number, folder: string): readonly string[] {
  const files = step.expect.filter(({ after }) => after !== 'absent' && after !== 'made-on-host');
  const effects = effectsIn(folder).filter(({ loaded }) =>
    files.some(({ path, after }) => loaded[path] !== undefined && sha256(loaded[path]) === after),
  );
  const byUnit = Map.groupBy(effects, ({ unit }) => unit);
  return [...byUnit].flatMap(([unit, { length }]) =>
    length > begun ? [`${unit} was told ${length} times to read what ${step.id} wrote, begun ${begun} times`] : [],
  );
}
