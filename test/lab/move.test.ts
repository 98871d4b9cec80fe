/**
 * The main job on a real cluster, in the order in which an operator would be unlucky and then lucky: refused, failed and taken back, paused and
 * undone half way, and at last moved. One lab, one after another; each test leaves the cluster at the old address but the last.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import type { Plan } from '@reberth/protocol/plan.ts';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { type Lab, openLab } from '../../lab/src/index.ts';
import { type Cluster, clusterOf, HOSTS, NEW, OLD, PORT } from '../support/lab/cluster.ts';
import { stageTimes, startClient, startHolders } from '../support/lab/observed-move.ts';

const test = anyTest as TestFn<undefined>;
let lab: Lab;
let cluster: Cluster;

test.before('raise the lab', async (t) => {
  t.timeout(30 * 60_000);
  lab = openLab({ name: 'test' });
  await lab.up();
  cluster = clusterOf(lab);
});

test.after.always('take the lab down', async () => {
  if (process.env['REBERTH_KEEP_LAB'] === undefined) await lab.down();
});

async function planned(t: ExecutionContext, ...more: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await cluster.plan(NEW, ...more);
  t.is(code, 0, `${stdout}${stderr}`);
}

const stepsAsked = (events: readonly RolloutEvent[]): readonly string[] =>
  events.flatMap(({ body }) => (body.type === 'asked' && body.operation === 'do' ? [body.step] : []));

/** Changed, missing or new, as `host path`. */
function difference(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name));
}

test.serial('an address that another host answers to is refused before anything changes', async (t) => {
  const before = await cluster.files();
  await lab.exec('client', ['/usr/sbin/ip', 'address', 'add', `${NEW}/32`, 'dev', 'eth0']);
  try {
    const { code, stdout, stderr } = await cluster.plan(NEW);
    t.is(code, 3, stderr);
    t.regex(`${stdout}${stderr}`, new RegExp(`${NEW.replaceAll('.', '\\.')} is in use`));
  } finally {
    await lab.exec('client', ['/usr/sbin/ip', 'address', 'delete', `${NEW}/32`, 'dev', 'eth0']);
  }
  t.deepEqual(difference(before, await cluster.files()), []);
});

test.serial('files that cannot be read are named with line and reason, all at once, and nothing changes', async (t) => {
  const spoiled: readonly (readonly [string, string, (text: string) => string])[] = [
    ['.44', '/etc/kubernetes/kubelet.kubeconfig', (text) => `${text}\n  - [broken`],
    ['.42', '/etc/keepalived/keepalived.conf', (text) => text.replace(/\}\s*$/, '')],
    ['.41', '/etc/ansible/hosts', (text) => text.replace(/^(MASTER_IP=.*)$/m, '$1\nMASTER_IP="192.0.2.38"')],
  ];
  const before = await cluster.files();
  const originals = await Promise.all(spoiled.map(async ([host, path]) => lab.readFile(host, path)));
  try {
    for (const [index, [host, path, spoil]] of spoiled.entries()) await overwrite(host, path, spoil(String(originals[index])));
    const spoiledFiles = await cluster.files();
    const { code, stdout, stderr } = await cluster.plan(NEW);
    const said = `${stdout}${stderr}`;
    t.is(code, 3, said);
    t.regex(said, /192\.0\.2\.44: \/etc\/kubernetes\/kubelet\.kubeconfig:\d+: /);
    t.regex(said, /192\.0\.2\.42: \/etc\/keepalived\/keepalived\.conf:\d+: .*(brace|close)/i);
    t.regex(said, /192\.0\.2\.41: \/etc\/ansible\/hosts:\d+: .*MASTER_IP/);
    t.deepEqual(difference(spoiledFiles, await cluster.files()), []);
  } finally {
    for (const [index, [host, path]] of spoiled.entries()) await overwrite(host, path, originals[index] ?? '');
  }
  t.deepEqual(difference(before, await cluster.files()), []);
});

/** Keeps mode and owner, as an editor does. */
const overwrite = async (host: string, path: string, content: string | Buffer): Promise<void> => {
  const { code, stderr } = await lab.exec(host, ['/usr/bin/dd', `of=${path}`, 'status=none'], { input: content });
  if (code !== 0) throw new Error(`cannot write ${path} on ${host}: ${stderr}`);
};

test.serial('a canary whose kubelet fails takes itself back, the rest is never started, and every file is as it was', async (t) => {
  const canary = '.43';
  const dropIn = '/etc/systemd/system/kubelet.service.d/broken.conf';
  // Starts with the old address, fails with the new one: what a bad certificate or a firewall would do.
  await lab.writeFile(canary, dropIn, `[Service]\nExecStartPre=/bin/sh -c '! grep -q ${NEW} /etc/kubernetes/kubelet.kubeconfig'\n`);
  await lab.exec(canary, ['/usr/bin/systemctl', 'daemon-reload']);
  try {
    const before = await cluster.files();
    const workloads = await cluster.workloads();
    await planned(t);
    const { code, events, stderr } = await cluster.apply();
    t.is(code, 1, stderr);
    const asked = stepsAsked(events).filter((step) => step.startsWith('switch/'));
    t.true(asked.length > 0);
    t.true(
      asked.every((step) => step.startsWith('switch/192.0.2.43/')),
      asked.join(', '),
    );
    const report = await cluster.report();
    t.is(report.outcome, 'rolled-back');
    t.regex(report.why, /192\.0\.2\.43.*kubelet/);
    t.deepEqual(difference(before, await cluster.files()), []);
    const after = await cluster.workloads();
    t.deepEqual(after, workloads);
  } finally {
    await lab.exec(canary, ['/bin/rm', '-r', '/etc/systemd/system/kubelet.service.d']);
    await lab.exec(canary, ['/usr/bin/systemctl', 'daemon-reload']);
    await lab.exec(canary, ['/usr/bin/systemctl', 'reset-failed', 'kubelet']);
    await lab.exec(canary, ['/usr/bin/systemctl', 'restart', 'kubelet']);
  }
});

test.serial('paused, nothing more is asked; resumed, it goes on; undone half way through the switch, everything is as it was', async (t) => {
  const before = await cluster.files();
  await planned(t);
  const seen: RolloutEvent[] = [];
  let pausedAt = 0;
  let undone = false;
  const commands: Promise<void>[] = [];
  const command = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await cluster.reberth(...args);
    t.is(code, 0, `${args.join(' ')}: ${stderr}`);
  };
  const { code, stderr } = await cluster.apply((event) => {
    seen.push(event);
    const { body } = event;
    if (pausedAt === 0 && body.type === 'stage-started' && body.stage === 'widen-vip') {
      pausedAt = event.seq;
      commands.push(pauseAndResume());
    }
    if (
      !undone &&
      body.type === 'reported' &&
      body.report.step.startsWith('switch/') &&
      body.report.operation === 'do' &&
      switched(seen).size === 2
    ) {
      undone = true;
      commands.push(command('undo', '--yes', '--json'));
    }
  });
  async function pauseAndResume(): Promise<void> {
    await command('pause');
    const paused = seen.length;
    const status = JSON.parse((await cluster.reberth('status', '--json')).stdout);
    t.is(status.state, 'paused');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    t.deepEqual(stepsAsked(seen.slice(paused)), []);
    await command('resume');
  }
  await Promise.all(commands);
  t.is(code, 1, stderr);
  t.true(pausedAt > 0 && undone, 'both happened');
  t.is((await cluster.report()).outcome, 'rolled-back');
  t.deepEqual(difference(before, await cluster.files()), []);
  t.deepEqual(await cluster.holding(NEW), []);
});

/** Hosts of which a kubelet or kube-proxy was switched. */
const switched = (events: readonly RolloutEvent[]): ReadonlySet<string> =>
  new Set(
    events.flatMap(({ body }) =>
      body.type === 'reported' && body.report.step.startsWith('switch/') && body.report.outcome === 'done' ? [String(body.report.host)] : [],
    ),
  );

test.serial('a full move: no request fails, no held connection breaks, no pod restarts; nothing is left on the old address', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'reberth-client-'));
  const files = ['ca.pem', 'admin.pem', 'admin-key.pem'].map((name) => join(folder, name)) as [string, string, string];
  for (const [index, file] of files.entries())
    await writeFile(
      file,
      await lab.readFile('.41', ['/etc/kubernetes/ssl/ca.pem', '/etc/kubernetes/ssl/admin.pem', '/etc/kubernetes/ssl/admin-key.pem'][index] ?? ''),
      { mode: 0o600 },
    );
  const [oldEndpoint, newEndpoint] = [`${OLD}:${PORT}`, `${NEW}:${PORT}`];
  const workloads = await cluster.workloads();
  const authority = async () =>
    Promise.all(['ca.pem', 'ca-key.pem'].map(async (name) => (await lab.readFile('.41', `/etc/kubernetes/ssl/${name}`)).toString('base64')));
  const ca = await authority();

  const client = await startClient(lab, files);
  const holders = await startHolders(lab, ['.41', '.42']);
  try {
    await planned(t, '--accept-stragglers');
    client.watch(oldEndpoint);
    const { code, events, stderr } = await cluster.apply(({ body }) => {
      // From the moment at which the rollout says that an address is served until it says that it is withdrawn.
      if (body.type === 'stage-ended' && body.stage === 'widen-vip') client.watch(newEndpoint);
      if (body.type === 'stage-ended' && body.stage === 'soak') client.unwatch(oldEndpoint);
    });
    t.is(code, 0, stderr);
    const counted = await client.report();
    for (const endpoint of [oldEndpoint, newEndpoint]) {
      const { requests = 0, fresh = 0, failed, heldBroken, longestMs, failures = [] } = counted[endpoint] ?? {};
      t.true(requests > 500 && fresh > 50, `${endpoint}: ${requests} requests`);
      t.log(`${endpoint}: ${requests} requests, ${fresh} over new connections, longest ${Math.round(longestMs ?? 0)} ms`);
      t.is(failed, 0, `${endpoint}: ${failures.join('; ')}`);
      t.is(heldBroken, 0, `${endpoint}: ${failures.join('; ')}`);
    }
    const start = events[0]?.atMs ?? 0;
    const narrow = stageTimes(events, 'narrow-vip');
    const widen = stageTimes(events, 'widen-vip');
    t.deepEqual(holders.faults(OLD, start, narrow.startMs), []);
    t.deepEqual(holders.faults(NEW, widen.endMs, events.at(-1)?.atMs ?? 0), []);
    const report = await cluster.report();
    t.is(report.outcome, 'done');
    t.true(report.availability.length > 0);
    t.deepEqual(
      report.availability.filter(({ failed }) => failed > 0),
      [],
    );
    t.true(
      report.nodes.length === 5 && report.nodes.every(({ uidBefore, uidAfter, podsRestarted }) => uidBefore === uidAfter && podsRestarted === 0),
    );
    t.log(
      `stages: ${report.stages.map(({ id, startedAt, endedAt }) => `${id} ${Math.round((Date.parse(endedAt ?? '') - Date.parse(startedAt ?? '')) / 100) / 10} s`).join(', ')}`,
    );
  } finally {
    await client.stop();
    await holders.stop();
    await rm(folder, { recursive: true });
  }
  t.deepEqual(await cluster.workloads(), workloads);
  t.deepEqual(await authority(), ca);
  t.deepEqual(await cluster.holding(OLD), []);
  t.deepEqual(await cluster.talkingTo(`${OLD}:${PORT}`), []);
  t.is(HOSTS.length, 5);
});

test.serial('a second plan to the same address is empty, and the old one is free to be planned back', async (t) => {
  const again = await cluster.reberth('plan', '--to', NEW, '--json');
  t.is(again.code, 0, again.stderr);
  t.deepEqual((JSON.parse(again.stdout) as Plan).stages, []);
});

test.serial('undo after the end brings every file back', async (t) => {
  const { code, stderr } = await cluster.reberth('undo', '--yes', '--json');
  t.is(code, 0, stderr);
  t.deepEqual(await cluster.holding(NEW), []);
  t.is((await cluster.report()).outcome, 'rolled-back');
});
