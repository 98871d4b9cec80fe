/**
 * Records journals of this release, once per release: `node test/replay/record.ts [FOLDER]`. Rollouts that ended in every way, driven by the real
 * executor over fakes into the real store, and the journal of a host; beside each what it came to. They are replayed by all later releases and
 * never recorded anew for an earlier one.
 */
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStorage } from '@reberth/agent/host/linux/file-storage.ts';
import { openJournal } from '@reberth/agent/journal/journal.ts';
import { createRunner } from '@reberth/agent/runner/runner.ts';
import { createExecutor, type Executor } from '@reberth/coordinator/executor/executor.ts';
import { fileStore } from '@reberth/coordinator/store/file-store.ts';
import { digest, sha256 } from '@reberth/protocol/canonical.ts';
import { hostId, stepId } from '@reberth/protocol/ids.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { type FakeWorld, fakeWorld } from '../support/executor-fakes.ts';
import { smallPlan } from '../support/plan.ts';
import { snapshot } from '../support/snapshot.ts';
import { askTo, deadlinesOf, hostOf, newWorld, quiet, settingChanged } from '../unit/runner/fakes.ts';
import { ledgerEnd, rolloutEnd } from './ends.ts';

const never = new AbortController().signal;
const folder = process.argv[2] ?? join(import.meta.dirname, packageJson.version);

async function main(): Promise<void> {
  if (existsSync(folder)) throw new Error(`cannot record: ${folder} is there already; what a release wrote is not written anew`);
  mkdirSync(folder, { recursive: true });
  await rollout('done', () => undefined);
  await rollout('rolled-back', (world) => {
    world.answer = ({ step, operation }) => (step === 'c/1' && operation === 'do' ? { outcome: 'failed', why: 'kubelet does not come back' } : {});
  });
  await rollout('held', (world) => void world.verdicts.set('exit-two', { is: 'fail', why: 'not as it should be' }));
  await rollout('undone-by-another', () => undefined, undoneByAnother);
  await agent();
}

/** `after`: what happens once it has ended or is held; resolves with the executor that holds it then. */
async function rollout(
  name: string,
  prepare: (world: FakeWorld) => void,
  after: (state: string, executor: Executor, rollout: string) => Promise<void> = async () => undefined,
): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), 'reberth-record-'));
  const { executor, close } = await coordinator(state, prepare);
  const id = await executor.begin(smallPlan(), digest(smallPlan()), { by: 'recorder', holdAfter: undefined });
  await ended(executor, id);
  executor.stop();
  await close();
  await after(state, executor, id);
  const journal = join(state, 'rollouts', `${id}.journal`);
  copyFileSync(journal, join(folder, `${name}.rollout.journal`));
  write(`${name}.rollout.end.json`, rolloutEnd(join(folder, `${name}.rollout.journal`)));
  rmSync(state, { recursive: true });
}

async function undoneByAnother(state: string, _first: Executor, id: string): Promise<void> {
  const { executor, close } = await coordinator(state, () => undefined);
  const from = executor.state(id)?.seq ?? 0;
  await executor.command(id, 'undo', 'another');
  await ended(executor, id, from);
  executor.stop();
  await close();
}

async function coordinator(state: string, prepare: (world: FakeWorld) => void) {
  const store = await fileStore(state);
  const world = fakeWorld(store);
  prepare(world);
  const observation = { address: '192.0.2.39', port: 8443, probes: 120, failed: 0, longestGapMs: 0, slowestMs: 9, heldBroken: 0 };
  const executor = await createExecutor({
    ...world.ports,
    snapshot: async () => ({ ok: true, value: snapshot() }),
    observers: { watch: () => undefined, readings: () => [{ observer: 'coordinator', observations: [observation] }] },
  });
  world.report = executor.reported;
  return { executor, close: () => store.close() };
}

async function ended(executor: Executor, id: string, afterSeq = 0): Promise<void> {
  for await (const _ of executor.events(id, afterSeq, true, never));
}

/** A step done and undone, one done and confirmed, one refused, one that failed, and one that was begun and never ended. */
async function agent(): Promise<void> {
  const state = mkdtempSync(join(tmpdir(), 'reberth-record-'));
  const world = newWorld();
  const journal = await openJournal(await fileStorage(state), quiet);
  const actionFor = (kind: string) => (kind === settingChanged.kind ? settingChanged : undefined);
  const runner = createRunner({ self: hostId('192.0.2.44'), host: hostOf(world), journal, deadlines: deadlinesOf(world), actionFor, log: quiet });
  const ask = (operation: 'do' | 'undo' | 'confirm', step: string, from: string, to: string, attempt = 1, confirmWithinMs = 0) =>
    runner.perform(
      askTo(operation, {
        ...{ step: stepId(step), attempt, confirmWithinMs, params: { file: '/etc/app.conf', to } },
        expect: [{ path: '/etc/app.conf', before: sha256(from), after: sha256(to) }],
      }),
    );
  await ask('do', 'undone', 'old', 'new');
  await ask('undo', 'undone', 'old', 'new', 2);
  await ask('do', 'refused', 'another', 'new');
  await ask('do', 'confirmed', 'old', 'new', 1, 60_000);
  await ask('confirm', 'confirmed', 'old', 'new', 2);
  await ask('do', 'failed', 'new', 'broken');
  await ask('undo', 'failed', 'new', 'broken', 2);
  await ask('do', 'so-already', 'new', 'new');
  await journal.append({
    ...{ is: 'intent', rollout: 'r-1', step: 'begun', attempt: 1, planDigest: 'd'.repeat(64), kind: settingChanged.kind, version: 1, atMs: 9 },
    ...{ title: 'begun and never ended', params: {}, change: { files: [], readers: [], detail: {} }, made: [] },
  });
  copyFileSync(join(state, 'journal.log'), join(folder, 'host.agent.journal'));
  write('host.agent.end.json', ledgerEnd(join(folder, 'host.agent.journal')));
  rmSync(state, { recursive: true });
}

const write = (name: string, value: unknown): void => writeFileSync(join(folder, name), `${JSON.stringify(value, undefined, 2)}\n`);

await main();
