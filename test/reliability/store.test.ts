/** The replicated journal on three real nats-servers: what every journal promises, and that two writers never both append. */
import { jetstreamManager } from '@nats-io/jetstream';
import { jetstreamJournal } from '@reberth/coordinator/store/jetstream-store.ts';
import type { Store } from '@reberth/coordinator/store/store.ts';
import { subjectsOf } from '@reberth/protocol/subjects.ts';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { type Ground, ground } from '../integration/support.ts';
import { event, ROLLOUT, storeConformance } from '../unit/store/conformance.ts';
import { type NatsCluster, natsCluster } from './nats-cluster.ts';

const test = anyTest.serial as TestFn;
let here: Ground;
let cluster: NatsCluster;
let tests = 0;

let clean = async (): Promise<unknown> => undefined;
test.before('three servers', async () => {
  here = await ground({
    teardown: (undo) => {
      clean = async () => undo();
    },
  });
  cluster = await natsCluster(here);
});
test.after.always(() => clean());

/** A journal of its own for each test: another cluster name. */
function journalFor(): (servers?: readonly string[]) => ReturnType<typeof jetstreamJournal> {
  tests += 1;
  const name = `kubeasz-${tests}`;
  return (servers = cluster.servers) =>
    jetstreamJournal({
      cluster: name,
      servers,
      caFile: here.pki('ca.crt'),
      certFile: here.pki('coordinator.crt'),
      keyFile: here.pki('coordinator.key'),
      log: here.log,
    });
}

storeConformance(test, 'replicated', () => {
  const open = journalFor();
  return async () => open().store;
});

async function twoWriters(t: ExecutionContext): Promise<readonly [Store, Store]> {
  const open = journalFor();
  const both = [open().store, open().store] as const;
  t.teardown(() => Promise.all(both.map((store) => store.close())));
  return both;
}

test('of two that append at once one is refused, and stays refused', async (t) => {
  const [one, two] = await twoWriters(t);
  await one.append(event(1));
  t.deepEqual(await two.read(ROLLOUT), [event(1)]);
  const results = await Promise.allSettled([one.append(event(2)), two.append(event(2))]);
  t.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
  const loser = results[0]?.status === 'rejected' ? one : two;
  await t.throwsAsync(loser.append(event(3)), { code: 'storage-failed', message: /another coordinator has written/ });
  t.is((await one.read(ROLLOUT)).length, 2);
});

test('who takes an epoch shuts the earlier writer out of every rollout, before any other event', async (t) => {
  const [one, two] = await twoWriters(t);
  t.is(await one.takeEpoch(), 1);
  await one.append(event(1));
  t.is(await two.takeEpoch(), 2);
  await t.throwsAsync(one.append(event(2)), { code: 'storage-failed' });
  await two.append(event(2));
  t.deepEqual(await two.read(ROLLOUT), [event(1), event(2)]);
});

test('epochs taken at once are all different', async (t) => {
  const [one, two] = await twoWriters(t);
  const taken = await Promise.all([one.takeEpoch(), two.takeEpoch(), one.takeEpoch(), two.takeEpoch()]);
  t.deepEqual([...taken].sort(), [1, 2, 3, 4]);
});

test('of two that replace the same lease one is told that it was late', async (t) => {
  const open = journalFor();
  const [one, two] = [open(), open()];
  t.teardown(() => Promise.all([one.store.close(), two.store.close()]));
  const lease = (owner: string) => ({ owner, instance: owner, released: false });
  const [first, second] = await Promise.all([one.lease.write(lease('a'), 0), two.lease.write(lease('b'), 0)]);
  t.is([first, second].filter((revision) => revision === undefined).length, 1);
  const seen = await one.lease.read();
  t.is(seen?.lease.owner, first === undefined ? 'b' : 'a');
  t.is(seen?.revision, first ?? second);
});

test('begun with one server named, it has three copies once three are named, and nothing is lost', async (t) => {
  const open = journalFor();
  const small = open(cluster.servers.slice(0, 1));
  await small.store.append(event(1));
  await small.store.close();
  const large = open();
  t.teardown(() => large.store.close());
  t.deepEqual(await large.store.read(ROLLOUT), [event(1)]);
  await large.store.append(event(2));
  const connection = await here.raw(here.pki('coordinator'), '_INBOX', cluster.servers[0]);
  const { streams } = await jetstreamManager(connection, { checkAPI: false });
  const { config } = await streams.info(subjectsOf(`kubeasz-${tests}`).journalStream);
  t.like(config, { num_replicas: 3, deny_delete: true, deny_purge: true, storage: 'file' });
  t.is(large.serverVersion().split('.').length, 3);
});
