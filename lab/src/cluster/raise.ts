/**
 * The steps from booted hosts to a cluster that serves a workload, in their order. Each is safe to take again after it was cut off half
 * way; the lab remembers which were finished, because a cluster that has been moved since must not be laid out a second time.
 */
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Flavour } from '../flavour.ts';
import type { Host } from '../host.ts';
import { DEPLOY, type HostPlan, VIP, VIP_PORT, withRole } from '../hosts.ts';
import type { Place } from '../place.ts';
import { until } from '../until.ts';
import { CONTROL_PLANE_UNITS } from './control-plane.ts';
import { ETCD_SSL } from './etcd.ts';
import { filesOf } from './files.ts';
import { writeImages } from './images.ts';
import { kubectl, nodes } from './kubectl.ts';
import { BIN, ETCD_URLS, SSL } from './layout.ts';
import { podNetwork } from './node.ts';
import { accessObjects, WEB_NODE_PORT, WEB_REPLICAS, workloadObjects } from './objects.ts';
import { Pki } from './pki.ts';

export interface Raising {
  readonly place: Place;
  readonly flavour: Flavour;
  readonly baseImage: string;
  host(plan: HostPlan): Host;
}

export interface Step {
  readonly name: string;
  readonly title: string;
  run(raising: Raising, note: (text: string) => void): Promise<void>;
}

export const STEPS: readonly Step[] = [
  { name: 'files', title: 'make certificates, lay out the files of kubeasz 1.10', run: layFiles },
  { name: 'load-balancers', title: `start haproxy and keepalived, see ${VIP}`, run: startLoadBalancers },
  { name: 'etcd', title: 'start etcd, see three healthy members', run: startEtcd },
  { name: 'control-plane', title: `start the control plane, see it through ${VIP}:${VIP_PORT}`, run: startControlPlane },
  { name: 'nodes', title: 'start containerd, kubelet and kube-proxy, see five Nodes joined', run: startNodes },
  { name: 'pod-network', title: 'give every Node its block of pod addresses, see all Ready', run: startPodNetwork },
  { name: 'workload', title: `start ${WEB_REPLICAS} replicas of web, see them answer`, run: startWorkload },
];

const TOKEN_FILE = 'bootstrap-token';
const NODES: readonly HostPlan[] = [...withRole('kube-master'), ...withRole('kube-node')];

async function layFiles({ place, flavour, host }: Raising): Promise<void> {
  const pki = await Pki.open(join(place.folder, 'pki'));
  const bootstrapToken = await keptToken(join(place.folder, TOKEN_FILE));
  for (const plan of NODES) {
    for (const { path, content, mode } of await filesOf(plan, { pki, flavour, bootstrapToken })) await host(plan).lay(path, content, mode);
    await chmod(join(host(plan).place.root, '/etc/kubernetes/ssl'), 0o755);
    if (plan.roles.includes('etcd')) for (const name of ['etcd', 'etcdctl']) await link(host(plan), `/usr/bin/${name}`, `${BIN}/${name}`);
    await link(host(plan), `${BIN}/kubectl`, '/usr/local/bin/kubectl');
  }
}

async function startLoadBalancers({ host }: Raising): Promise<void> {
  const balancers = withRole('lb').map(host);
  await Promise.all(balancers.map((balancer) => start(balancer, ['haproxy', 'keepalived'])));
  await until(`one holder of ${VIP}`, async () => {
    const holders = (await Promise.all(balancers.map((balancer) => holdsVip(balancer)))).filter((holds) => holds);
    return holders.length === 1 || `${holders.length} hosts hold it`;
  });
}

export async function holdsVip(balancer: Host): Promise<boolean> {
  return (await balancer.exec(['/usr/sbin/ip', '-4', '-o', 'address', 'show', 'dev', 'eth0'])).stdout.includes(`inet ${VIP}/`);
}

async function startEtcd({ host }: Raising): Promise<void> {
  const members = withRole('etcd').map(host);
  for (const member of members) await member.must(['/usr/bin/install', '-d', '-m', '700', '/var/lib/etcd']);
  await Promise.all(members.map((member) => start(member, ['etcd'])));
  const [first] = members;
  if (first === undefined) return;
  const tls = [`--cacert=${SSL}/ca.pem`, `--cert=${ETCD_SSL}/etcd.pem`, `--key=${ETCD_SSL}/etcd-key.pem`];
  await until('three healthy members of etcd', async () => {
    const { code, stdout, stderr } = await first.exec([
      '/usr/bin/env',
      'ETCDCTL_API=3',
      '/usr/bin/etcdctl',
      `--endpoints=${ETCD_URLS.join(',')}`,
      ...tls,
      'endpoint',
      'health',
    ]);
    return code === 0 || (stdout + stderr).trim();
  });
}

async function startControlPlane({ host }: Raising): Promise<void> {
  const deploy = host(DEPLOY);
  await Promise.all(withRole('kube-master').map((plan) => start(host(plan), CONTROL_PLANE_UNITS)));
  await until(`the API through ${VIP}:${VIP_PORT}`, async () => {
    const { code, stderr } = await kubectl(deploy, ['get', '--raw', '/readyz']);
    return code === 0 || stderr.trim();
  });
  await apply(deploy, accessObjects());
}

async function startNodes({ place, baseImage, host }: Raising, note: (text: string) => void): Promise<void> {
  const archive = join(place.folder, 'images.tar');
  await writeImages(baseImage, join(place.folder, 'images'), archive);
  await Promise.all(
    NODES.map(host).map(async (node) => {
      await start(node, ['containerd']);
      // The folder is the host's own, bound; a file in it is there at once.
      await copyFile(archive, join(node.place.kubelet, 'images.tar'));
      await node.must(['/usr/bin/ctr', '-n', 'k8s.io', 'images', 'import', '/var/lib/kubelet/images.tar']);
      await start(node, ['kubelet', 'kube-proxy']);
    }),
  );
  await until('five Nodes with a block of pod addresses each', async () => {
    const joined = (await nodes(host(DEPLOY))).filter(({ podCidr }) => podCidr !== '');
    note(`${joined.length} of ${NODES.length}`);
    return joined.length === NODES.length || `${joined.length} have joined`;
  });
}

async function startPodNetwork({ host }: Raising, note: (text: string) => void): Promise<void> {
  const deploy = host(DEPLOY);
  const blocks = new Map((await nodes(deploy)).map(({ name, podCidr }) => [name, podCidr]));
  for (const { address } of NODES) if (!blocks.has(address)) throw new Error(`cannot route to the pods of ${address}: it has no Node`);
  await Promise.all(
    NODES.map(async (plan) => {
      const routes = [...blocks].filter(([address]) => address !== plan.address).map(([address, block]) => `route replace ${block} via ${address}\n`);
      await host(plan).lay('/etc/lab-net/routes', routes.join(''));
      await host(plan).must(['/usr/sbin/ip', '-batch', '/etc/lab-net/routes']);
      await host(plan).lay('/etc/cni/net.d/10-pods.conflist', podNetwork(blocks.get(plan.address) ?? ''));
    }),
  );
  // kubeasz does so too: masters run a kubelet, and no workload.
  for (const { address } of withRole('kube-master')) await kubectl(deploy, ['cordon', address]);
  await nodesReady(deploy, note);
}

async function nodesReady(deploy: Host, note: (text: string) => void): Promise<void> {
  await until('five Ready Nodes', async () => {
    const ready = (await nodes(deploy)).filter((node) => node.ready);
    note(`${ready.length} of ${NODES.length}`);
    return ready.length === NODES.length || `${ready.length} are Ready`;
  });
}

/** What must be true of every lab that is up, whatever happened to it before. */
export async function serving({ host }: Raising, note: (text: string) => void): Promise<void> {
  const deploy = host(DEPLOY);
  await nodesReady(deploy, note);
  await webReady(deploy, note);
  await mastersSeen(withRole('lb').map(host));
  note('');
}

/** haproxy looks every other second and wants to see a master twice. */
async function mastersSeen(balancers: readonly Host[]): Promise<void> {
  const masters = withRole('kube-master').length;
  for (const balancer of balancers) {
    await until(`${masters} masters up behind haproxy on ${balancer.plan.address}`, async () => {
      const { stdout } = await balancer.exec(['/usr/bin/socat', '-', 'UNIX-CONNECT:/run/haproxy/admin.sock'], { input: 'show stat\n' });
      const up = stdout.split('\n').filter((line) => /^kube-master,s\d,/.test(line) && line.includes(',UP,')).length;
      return up === masters || `${up} are up`;
    });
  }
}

async function startWorkload({ host }: Raising, note: (text: string) => void): Promise<void> {
  const deploy = host(DEPLOY);
  await apply(deploy, workloadObjects());
  await webReady(deploy, note);
  for (const { address } of withRole('kube-node')) {
    await until(`web behind ${address}:${WEB_NODE_PORT}`, async () => {
      const { code, stderr } = await deploy.exec(['/usr/bin/curl', '-sSf', '-m', '2', `http://${address}:${WEB_NODE_PORT}/`]);
      return code === 0 || stderr.trim();
    });
  }
}

async function webReady(deploy: Host, note: (text: string) => void): Promise<void> {
  await until(`${WEB_REPLICAS} ready replicas`, async () => {
    const { stdout } = await kubectl(deploy, ['get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}']);
    note(`${stdout || '0'} of ${WEB_REPLICAS}`);
    return stdout === String(WEB_REPLICAS) || `${stdout || 'none'} are ready`;
  });
}

/** Also at every later boot. */
async function start(host: Host, units: readonly string[]): Promise<void> {
  await host.must(['/usr/bin/systemctl', 'daemon-reload']);
  await host.must(['/usr/bin/systemctl', '--quiet', 'enable', ...units]);
  await host.must(['/usr/bin/systemctl', 'start', ...units]);
}

/** A cluster that has only just come up refuses some objects for a moment. */
async function apply(deploy: Host, objects: string): Promise<void> {
  await until('the cluster to take objects', async () => {
    const { code, stderr } = await kubectl(deploy, ['apply', '-f', '-'], objects);
    return code === 0 || stderr.trim();
  });
}

async function keptToken(file: string): Promise<string> {
  if (!existsSync(file)) await writeFile(file, randomBytes(16).toString('hex'), { mode: 0o600 });
  return readFile(file, 'utf8');
}

async function link(host: Host, target: string, path: string): Promise<void> {
  const here = join(host.place.root, path);
  await mkdir(join(here, '..'), { recursive: true });
  await symlink(target, here).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
}
