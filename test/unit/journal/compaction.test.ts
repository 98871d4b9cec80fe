/** What is left out of a journal that grows, and what never is; cut off at any call, the journal is the old one or the new one. */
import type { Change } from '@reberth/agent/actions/action.ts';
import type { Limits } from '@reberth/agent/journal/compaction.ts';
import { type Journal, openJournal, readJournal } from '@reberth/agent/journal/journal.ts';
import { createMemoryStorage, type MemoryStorage } from '@reberth/agent/journal/memory-storage.ts';
import { NothingWritten, type Storage } from '@reberth/agent/journal/storage.ts';
import type { Report } from '@reberth/protocol/ask.ts';
import { sha256 } from '@reberth/protocol/canonical.ts';
import { hostId, rolloutId, stepId } from '@reberth/protocol/ids.ts';
import test from 'ava';
import { askTo, newWorld, runnerOn } from '../runner/fakes.ts';

const quiet = { warn: () => undefined };
const LARGE = 1_000_000;
const KEEP_TWO: Limits = { rolloutsKept: 2, compactAtBytes: LARGE, bytesMax: LARGE };

const common = (rollout: string, step: string) => ({ rollout, step, attempt: 1, planDigest: 'd', kind: 'k', version: 1, atMs: 1 });
const changeOf = (rollout: string): Change => ({
  files: [
    {
      ...{ path: `/etc/${rollout}`, before: sha256(`before ${rollout}`), after: sha256('after') },
      original: { bytes: Buffer.from(`before ${rollout}`), mode: 0o644, uid: 0, gid: 0 },
      content: { bytes: Buffer.from('after'), mode: 0o644, uid: 0, gid: 0 },
    },
  ],
  readers: [],
  detail: {},
});
const report = (rollout: string, step: string, parts: Partial<Report>): Report => ({
  ...{ rollout: rolloutId(rollout), step: stepId(step), operation: 'do', attempt: 1, host: hostId('h'), outcome: 'done', left: 'after' },
  ...{ why: '', startedAtMs: 1, endedAtMs: 1, outputs: {} },
  ...parts,
});

async function begin(journal: Journal, rollout: string, deadline = false): Promise<void> {
  const change = await journal.keep(changeOf(rollout));
  const armed = deadline ? { deadline: { boot: 'b', atUptimeMs: 1, withinMs: 1 } } : {};
  await journal.append({ is: 'intent', ...common(rollout, 's'), title: 't', params: {}, change, made: [], ...armed });
}

async function end(journal: Journal, rollout: string, parts: Partial<Report> = {}): Promise<void> {
  await journal.append({ is: 'ended', ...common(rollout, 's'), title: 't', report: report(rollout, 's', parts) });
}

async function grown(storage: Storage, rollouts: number, limits = KEEP_TWO): Promise<Journal> {
  const journal = await openJournal(storage, quiet, limits);
  for (let n = 1; n <= rollouts; n += 1) {
    await begin(journal, `r-${n}`);
    await end(journal, `r-${n}`);
  }
  return journal;
}

const rolloutsIn = (storage: MemoryStorage): readonly string[] => [
  ...new Set([...readJournal(storage.content).ledger.values()].map(({ rollout }) => rollout)),
];
const keptFor = (storage: MemoryStorage, rollout: string): boolean => storage.blobs.has(sha256(`before ${rollout}`));

test('only the latest rollouts are kept, with their contents; the others are known by name', async (t) => {
  const storage = createMemoryStorage();
  await grown(storage, 5);
  const journal = await openJournal(storage, quiet, KEEP_TWO);
  t.deepEqual(rolloutsIn(storage), ['r-4', 'r-5']);
  t.deepEqual(
    ['r-1', 'r-2', 'r-3', 'r-4', 'r-5'].map((rollout) => keptFor(storage, rollout)),
    [false, false, false, true, true],
  );
  t.deepEqual(
    ['r-1', 'r-3', 'r-4', 'r-9'].map((rollout) => journal.forgot(rollout)),
    [true, true, false, false],
  );
  const kept = journal.ledger().get('r-4 s')?.change;
  t.is(kept === undefined ? undefined : (await journal.restore(kept)).files[0]?.original?.bytes.toString(), 'before r-4');
  await begin(journal, 'r-6');
  t.deepEqual([...readJournal(storage.content).ledger.keys()], ['r-4 s', 'r-5 s', 'r-6 s'], 'the chain goes on');
});

test('a rollout with a step that is open, armed, or left in between is never left out, nor is the latest', async (t) => {
  const storage = createMemoryStorage();
  const journal = await openJournal(storage, quiet, { ...KEEP_TWO, rolloutsKept: 0 });
  await begin(journal, 'r-open');
  await begin(journal, 'r-armed', true);
  await end(journal, 'r-armed');
  await begin(journal, 'r-between');
  await end(journal, 'r-between', { outcome: 'failed', left: 'between' });
  await begin(journal, 'r-stuck');
  await end(journal, 'r-stuck', { operation: 'undo', outcome: 'failed', left: 'foreign' });
  await begin(journal, 'r-over');
  await end(journal, 'r-over');
  await begin(journal, 'r-latest');
  await end(journal, 'r-latest');
  await openJournal(storage, quiet, { ...KEEP_TWO, rolloutsKept: 0, compactAtBytes: 0 });
  t.deepEqual(rolloutsIn(storage).toSorted(), ['r-armed', 'r-between', 'r-latest', 'r-open', 'r-stuck']);
  for (const rollout of ['r-armed', 'r-between', 'r-latest', 'r-open', 'r-stuck']) t.true(keptFor(storage, rollout), rollout);
});

test('beyond a size fewer are kept', async (t) => {
  const storage = createMemoryStorage();
  await grown(storage, 6, { ...KEEP_TWO, rolloutsKept: 6 });
  const half = storage.content.length / 2;
  await openJournal(storage, quiet, { ...KEEP_TWO, rolloutsKept: 6, compactAtBytes: half });
  t.true(storage.content.length <= half * 1.4 && rolloutsIn(storage).length < 6 && rolloutsIn(storage).includes('r-6'), rolloutsIn(storage).join());
});

test('above its limit nothing new is begun, and it is said why; what was begun can be ended', async (t) => {
  const storage = createMemoryStorage();
  const journal = await openJournal(storage, quiet, { rolloutsKept: 9, compactAtBytes: LARGE, bytesMax: 600 });
  await begin(journal, 'r-1');
  await t.throwsAsync(journal.keep(changeOf('r-2')), {
    code: 'storage-failed',
    message: /cannot begin another step: the journal of this host holds \d+ bytes, 600 are allowed/,
  });
  await t.notThrowsAsync(end(journal, 'r-1'));
});

test('compacted again and again, every rollout left out is still known by name', async (t) => {
  const storage = createMemoryStorage();
  for (let n = 1; n <= 12; n += 1) {
    const journal = await openJournal(storage, quiet, KEEP_TWO);
    await begin(journal, `r-${n}`);
    await end(journal, `r-${n}`);
  }
  const journal = await openJournal(storage, quiet, KEEP_TWO);
  for (let n = 1; n <= 10; n += 1) t.true(journal.forgot(`r-${n}`), `r-${n}`);
  t.deepEqual(rolloutsIn(storage), ['r-11', 'r-12']);
});

test('when there is no room for the smaller journal, the old one stays and is written on', async (t) => {
  const storage = createMemoryStorage();
  await grown(storage, 4, { ...KEEP_TWO, rolloutsKept: 9 });
  const full: Storage = {
    ...storage,
    replace: () => Promise.reject(new NothingWritten(new Error('no space left'))),
    read: async () => storage.content,
  };
  const warnings: string[] = [];
  const journal = await openJournal(full, { warn: (_fields, message) => warnings.push(message) }, KEEP_TWO);
  t.deepEqual(warnings, ['cannot compact the journal']);
  t.is(journal.ledger().size, 4);
});

test('cut off at any call of a compaction, the next start has the old journal or the new one, and every content that it speaks of', async (t) => {
  class Cut extends Error {}
  let calls = 1;
  for (let cutAt = 0; cutAt < calls; cutAt += 1) {
    for (const done of [false, true]) {
      const storage = createMemoryStorage();
      await grown(storage, 4, { ...KEEP_TWO, rolloutsKept: 9 });
      let n = 0;
      const cut = async <T>(effect: () => Promise<T>): Promise<T> => {
        n += 1;
        if (n - 1 < cutAt) return effect();
        if (done && n - 1 === cutAt) await effect();
        throw new Cut();
      };
      const cutting: Storage = {
        ...storage,
        read: () => cut(async () => storage.content),
        replace: (content) => cut(() => storage.replace(content)),
        keepBlobs: (wanted) => cut(() => storage.keepBlobs(wanted)),
      };
      await openJournal(cutting, quiet, KEEP_TWO).catch(() => undefined);
      calls = Math.max(calls, n + 1);
      const journal = await openJournal(storage, quiet, { ...KEEP_TWO, rolloutsKept: 9 });
      t.true([2, 4].includes(journal.ledger().size));
      for (const { change } of journal.ledger().values()) if (change !== undefined) await t.notThrowsAsync(journal.restore(change));
    }
  }
  t.true(calls > 3, `${calls} calls`);
});

test('an ask for a rollout that was left out is refused, and nothing is done twice or called undone', async (t) => {
  const world = newWorld();
  const first = await runnerOn(world);
  for (let n = 1; n <= 22; n += 1) {
    const rollout = rolloutId(`r-${n}`);
    const to = `new ${n}`;
    const file = world.files.get('/etc/app.conf');
    const expect = [{ path: '/etc/app.conf', before: sha256(file?.bytes ?? ''), after: sha256(to) }];
    t.is((await first.perform(askTo('do', { rollout, params: { file: '/etc/app.conf', to }, expect }))).outcome, 'done');
  }
  const starts = world.starts;
  const runner = await runnerOn(world);
  for (const operation of ['do', 'undo', 'confirm'] as const) {
    const answer = await runner.perform(askTo(operation, { rollout: rolloutId('r-1'), attempt: 7 }));
    t.is(answer.outcome, 'refused');
    t.regex(answer.why, /long over: this host has forgotten its steps/);
  }
  t.is(world.starts, starts);
});
