import { createHash, X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readInventory } from '@reberth/agent/formats/inventory.ts';
import test from 'ava';
import { filesOf, type LaidFile } from '../../../lab/src/cluster/files.ts';
import { Pki } from '../../../lab/src/cluster/pki.ts';
import { CLUSTER_HOSTS, VIP } from '../../../lab/src/hosts.ts';

const TOKEN = '0123456789abcdef0123456789abcdef';
let folder: string;
let laid: ReadonlyMap<string, readonly LaidFile[]>;

test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lab-pki-'));
  const pki = await Pki.open(folder);
  const entries = CLUSTER_HOSTS.map(async (host) => [host.id, await filesOf(host, { pki, flavour: 'current', bootstrapToken: TOKEN })] as const);
  laid = new Map(await Promise.all(entries));
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

const contentOf = (host: string, path: string): string => laid.get(host)?.find((file) => file.path === path)?.content ?? '';
const holding = (host: string): readonly string[] =>
  (laid.get(host) ?? [])
    .filter(({ content }) => content.includes(VIP))
    .map(({ path }) => path)
    .sort();

const hashOf = (files: readonly LaidFile[]): string => createHash('sha256').update(JSON.stringify(files)).digest('hex');

const JOINING = ['/etc/kubernetes/bootstrap.kubeconfig', '/etc/kubernetes/kube-proxy.kubeconfig'];

test('the virtual address stands where kubeasz 1.10 has it and nowhere else', (t) => {
  const master = ['/etc/keepalived/keepalived.conf', ...JOINING, '/etc/kubernetes/ssl/kubernetes-csr.json', '/root/.kube/config'];
  t.deepEqual(holding('41'), ['/etc/ansible/hosts', ...master]);
  t.deepEqual(holding('42'), master);
  for (const host of ['43', '44', '45']) t.deepEqual(holding(host), [...JOINING, '/root/.kube/config']);
});

test('every master has a certificate of its own, signed by the one authority, that covers the virtual address and its own', (t) => {
  const authority = new X509Certificate(contentOf('41', '/etc/kubernetes/ssl/ca.pem'));
  for (const id of ['41', '42']) {
    const certificate = new X509Certificate(contentOf(id, '/etc/kubernetes/ssl/kubernetes.pem'));
    t.true(certificate.checkIssued(authority) && certificate.verify(authority.publicKey));
    for (const address of [VIP, '127.0.0.1', `192.0.2.${id}`]) t.is(certificate.checkIP(address), address);
    t.is(certificate.checkHost('kubernetes.default.svc.cluster.local'), 'kubernetes.default.svc.cluster.local');
    t.is(certificate.checkIP('192.0.2.40'), undefined);
  }
});

test('a second run of the laying out finds the same authority and the same certificates', async (t) => {
  const again = await filesOf(CLUSTER_HOSTS[0] as (typeof CLUSTER_HOSTS)[number], {
    pki: await Pki.open(folder),
    flavour: 'current',
    bootstrapToken: TOKEN,
  });
  // Compared apart, so that a difference does not print keys.
  t.is(hashOf(again), hashOf(laid.get('41') ?? []));
});

test('keys, tokens and kubeconfigs with them are for root alone', (t) => {
  const secret = /PRIVATE KEY|client-key-data|token: |,kubelet-bootstrap,/;
  const open = [...laid.values()].flat().filter(({ content, mode }) => secret.test(content) && (mode & 0o077) !== 0);
  t.deepEqual(
    open.map(({ path }) => path),
    [],
  );
});

test('the inventory is one that an agent reads: five groups, ROUTER_ID with the load balancers, the address once', (t) => {
  const read = readInventory(contentOf('41', '/etc/ansible/hosts'));
  t.true(read.ok);
  if (!read.ok) return;
  const groups = new Map(read.value.map((group) => [group.name, group]));
  t.deepEqual(
    ['deploy', 'etcd', 'kube-master', 'lb', 'kube-node'].map((name) => groups.get(name)?.hosts.length),
    [1, 3, 2, 2, 3],
  );
  t.is(groups.get('lb')?.vars['ROUTER_ID'], '57');
  t.is(groups.get('all')?.vars['MASTER_IP'], VIP);
  t.is(groups.get('all')?.vars['KUBE_APISERVER'], 'https://{{ MASTER_IP }}:8443');
});

test('one load balancer is the master and has the higher priority', (t) => {
  const priority = (id: string) => Number(/priority (\d+)/.exec(contentOf(id, '/etc/keepalived/keepalived.conf'))?.[1]);
  t.regex(contentOf('42', '/etc/keepalived/keepalived.conf'), /state MASTER/);
  t.regex(contentOf('41', '/etc/keepalived/keepalived.conf'), /state BACKUP/);
  t.true(priority('42') > priority('41') && priority('42') - 30 < priority('41'));
});
