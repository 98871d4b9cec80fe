/** One full move of a cluster of kubeasz 1.10's age: Kubernetes 1.20, whose kubelets and proxies behave differently enough to matter. */
import anyTest, { type TestFn } from 'ava';
import { type Lab, openLab } from '../../lab/src/index.ts';
import { type Cluster, clusterOf, NEW, OLD, PORT } from '../support/lab/cluster.ts';

const test = anyTest as TestFn<undefined>;
let lab: Lab;
let cluster: Cluster;

test.before('raise the lab', async (t) => {
  t.timeout(30 * 60_000);
  lab = openLab({ name: 'test-1-20', flavour: '1.20' });
  await lab.up();
  cluster = clusterOf(lab);
});

test.after.always('take the lab down', async () => {
  if (process.env['REBERTH_KEEP_LAB'] === undefined) await lab.down();
});

test.serial('a full move on Kubernetes 1.20: nothing failed by anyone’s count, no pod restarted, nothing left on the old address', async (t) => {
  const workloads = await cluster.workloads();
  t.is((await cluster.plan(NEW)).code, 0);
  const { code, stderr } = await cluster.apply();
  t.is(code, 0, stderr);
  const report = await cluster.report();
  t.is(report.outcome, 'done');
  t.deepEqual(
    report.availability.filter(({ failed }) => failed > 0),
    [],
  );
  t.deepEqual(await cluster.workloads(), workloads);
  t.deepEqual(await cluster.holding(OLD), []);
  t.deepEqual(await cluster.talkingTo(`${OLD}:${PORT}`), []);
});
