/**
 * Every action under the real runner: the agent dies at any call to the host, its recovery dies at any call again, and what the next recovery
 * reports is so, for files and for what services have read. Nothing that is half taken back is taken for done.
 */
import { type AnyAction, actionFor, actions } from '@reberth/agent/actions/index.ts';
import { createMemoryDeadlines } from '@reberth/agent/deadline/memory-deadlines.ts';
import type { MemoryHost } from '@reberth/agent/host/memory/memory-host.ts';
import { openJournal } from '@reberth/agent/journal/journal.ts';
import { createMemoryStorage, type MemoryStorage } from '@reberth/agent/journal/memory-storage.ts';
import { createRunner, type Runner } from '@reberth/agent/runner/runner.ts';
import type { Ask } from '@reberth/protocol/ask.ts';
import { digestOf, hostId, rolloutId, stepId } from '@reberth/protocol/ids.ts';
import test from 'ava';
import type { Fixture } from './fixtures/fixture.ts';
import { fixtures } from './fixtures/index.ts';
import { caseOf, planOn, settled } from './walk.ts';

const self = hostId('192.0.2.41');
const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

const runnerOn = async (host: MemoryHost, storage: MemoryStorage): Promise<Runner> =>
  createRunner({ self, host, deadlines: createMemoryDeadlines(), journal: await openJournal(storage, quiet), actionFor, log: quiet });

async function askFor(action: AnyAction, fixture: Fixture): Promise<Ask> {
  const planned = await planOn(await fixture.host(), caseOf(action, fixture));
  if (planned.is !== 'change') throw new Error('the fixture has nothing to do');
  const { kind, version } = action;
  const common = {
    rollout: rolloutId('r-1'),
    step: stepId('s'),
    operation: 'do',
    attempt: 1,
    planDigest: digestOf('0'.repeat(64)),
    host: self,
  } as const;
  const limits = { epoch: 1, counter: 1, expiresAtMs: Number.MAX_SAFE_INTEGER, confirmWithinMs: 0 };
  const expect = planned.change.files.map(({ path, before, after }) => ({ path, before, after }));
  return { ...common, ...limits, kind, version, params: fixture.params as Ask['params'], expect, inputs: fixture.inputs ?? {} };
}

/** A process that is gone writes no journal either. */
const dyingWith = (storage: MemoryStorage, isDead: () => boolean): MemoryStorage => ({
  ...storage,
  read: storage.read,
  append: async (text) => {
    if (isDead()) throw new Error('the agent is gone');
    await storage.append(text);
  },
});

/** One life: recover, then the ask. Says whether it was cut off. */
async function live(host: MemoryHost, storage: MemoryStorage, ask: Ask, cut: readonly [number, 'before' | 'after'] | undefined): Promise<boolean> {
  if (cut !== undefined) host.crashAt(...cut);
  const isDead = (): boolean => cut !== undefined && host.calls.length >= cut[0];
  const runner = await runnerOn(host, dyingWith(storage, isDead));
  await runner.recover().catch(() => undefined);
  await runner.perform(ask).catch(() => undefined);
  return isDead();
}

for (const each of actions.flatMap((action) => (fixtures[action.kind] ?? []).map((fixture) => caseOf(action, fixture)))) {
  const { action, fixture, name } = each;
  if (fixture.keepsNothing === true) continue;
  test(`${name}: cut off at any call, and again in recovery, it is as it is reported`, async (t) => {
    t.timeout(300_000);
    const ask = await askFor(action, fixture);
    const before = await settled(await fixture.host());
    let pairs = 0;
    // Before one call is after the one before it.
    for (let n = 1; ; n += 1) {
      let cutOff = false;
      for (let m = 1, again = true; again; m += 1) {
        const host = await fixture.host();
        const storage = createMemoryStorage();
        const dying = host.open();
        cutOff = await live(dying, storage, ask, [n, 'after']);
        if (!cutOff) break;
        again = await live(dying.open(), storage, ask, [m, 'after']);
        const last = host.open();
        const runner = await runnerOn(last, storage);
        await runner.recover();
        const { outcome, why } = await runner.perform(ask);
        const title = `after call ${n}, then after call ${m}: ${outcome}: ${why}`;
        const look = await settled(last);
        if (outcome === 'done') t.notDeepEqual(look, before, title);
        else t.deepEqual(look, before, title);
        const { files, units } = last.snapshot();
        for (const [unit, { loaded }] of Object.entries(units))
          for (const [path, text] of Object.entries(loaded)) t.is(files[path]?.content ?? '(absent)', text, `${title}: ${unit}`);
        pairs += 1;
      }
      if (!cutOff) break;
    }
    t.true(pairs > 10);
    t.log(`${pairs} pairs`);
  });
}
