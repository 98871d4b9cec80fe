import { collectFacts } from '@reberth/agent/facts/index.ts';
import { FactsSchema } from '@reberth/protocol/facts.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import test from 'ava';
import * as v from 'valibot';
import { throwAwayTls } from '../../support/tls.ts';
import { contextOf } from './fakes.ts';

const KUBECONFIG = (server: string) => `apiVersion: v1
kind: Config
clusters:
- name: kubernetes
  cluster: {server: "${server}"}
contexts:
- name: default
  context: {cluster: kubernetes, user: kubelet}
current-context: default
users:
- name: kubelet
  user: {token: s3cret-token}
`;
const KEEPALIVED = `vrrp_instance VI-kube-master {
    state MASTER
    priority 120
    interface eth0
    virtual_router_id 57
    advert_int 3
    virtual_ipaddress {
        192.0.2.39
    }
}
`;
const INVENTORY = '[lb]\n192.0.2.41 LB_ROLE=master\n\n[all:vars]\nMASTER_IP="192.0.2.39"\nansible_ssh_pass=hunter2\n';

const collect = (files: Record<string, string | Buffer>, addresses: readonly string[] = [], unreadable: readonly string[] = []) =>
  collectFacts({ ...contextOf(files, unreadable), self: hostId('192.0.2.41'), agentVersion: '0.1.0' }, addresses);

test('a host with nothing on it tells so, without a problem', async (t) => {
  const facts = await collect({}, ['192.0.2.39']);
  t.like(facts, { host: '192.0.2.41', kubeconfigs: [], certificates: [], signingRequests: [], places: [], problems: [], versions: {} });
  t.false('keepalived' in facts || 'haproxy' in facts || 'inventory' in facts);
  t.deepEqual(facts.units, [{ name: 'kubelet.service', active: 'active', sub: 'running' }]);
});

test('a load balancer and deploy host tells what it is, in the form that both sides agreed on', async (t) => {
  const { server } = await throwAwayTls();
  const facts = await collect({
    '/etc/keepalived/keepalived.conf': KEEPALIVED,
    '/etc/haproxy/haproxy.cfg': 'listen kube-master\n  bind 0.0.0.0:8443\n  server a 192.0.2.41:6443 check\n',
    '/etc/kubernetes/kubelet.kubeconfig': KUBECONFIG('https://192.0.2.39:8443'),
    '/etc/kubernetes/other.conf': 'not: one\n',
    '/root/.kube/config': KUBECONFIG('https://192.0.2.40:8443'),
    '/etc/kubernetes/ssl/kubernetes.pem': server.certificate,
    '/etc/kubernetes/ssl/kubernetes-key.pem': server.key,
    '/etc/kubernetes/ssl/kubernetes-csr.json': '{"CN": "kubernetes", "hosts": ["127.0.0.1", "192.0.2.39"]}',
    '/etc/ansible/hosts': INVENTORY,
  });
  t.deepEqual(facts.problems, []);
  t.true(v.is(FactsSchema, facts));
  t.like(facts.keepalived?.instances[0], {
    name: 'VI-kube-master',
    virtualRouterId: 57,
    priority: 120,
    networkInterface: 'eth0',
    addresses: [{ address: '192.0.2.39', line: 8 }],
  });
  t.deepEqual(facts.haproxy?.frontends[0]?.servers, [{ name: 'a', address: '192.0.2.41', port: 6443 }]);
  t.deepEqual(
    facts.kubeconfigs.map(({ path, server, userKind }) => ({ path, server, userKind })),
    [
      { path: '/etc/kubernetes/kubelet.kubeconfig', server: 'https://192.0.2.39:8443', userKind: 'token' },
      { path: '/root/.kube/config', server: 'https://192.0.2.40:8443', userKind: 'token' },
    ],
  );
  t.like(facts.certificates[0], {
    path: '/etc/kubernetes/ssl/kubernetes.pem',
    addresses: ['127.0.0.1'],
    names: ['localhost'],
    isCa: false,
    keyFile: '/etc/kubernetes/ssl/kubernetes-key.pem',
  });
  t.is(facts.certificates.length, 1);
  t.deepEqual(facts.signingRequests, [{ path: '/etc/kubernetes/ssl/kubernetes-csr.json', cn: 'kubernetes', hosts: ['127.0.0.1', '192.0.2.39'] }]);
  t.is(facts.inventory?.groups.find(({ name }) => name === 'all')?.vars.MASTER_IP, '192.0.2.39');
});

test('no token, key or password leaves the host', async (t) => {
  const { server } = await throwAwayTls();
  const facts = await collect(
    {
      '/etc/kubernetes/kubelet.kubeconfig': KUBECONFIG('https://192.0.2.39:8443'),
      '/etc/kubernetes/ssl/both.pem': server.key + server.certificate,
      '/etc/ansible/hosts': INVENTORY,
    },
    ['192.0.2.39'],
  );
  const told = JSON.stringify(facts);
  t.true(told.includes('both.pem'));
  for (const secret of ['s3cret-token', 'hunter2', server.key.split('\n')[1] ?? '-']) t.false(told.includes(secret));
});

test('what cannot be read or understood is told with file and line, and the rest all the same', async (t) => {
  const facts = await collect(
    {
      '/etc/keepalived/keepalived.conf': KEEPALIVED.replace('virtual_router_id 57', 'virtual_router_id 300'),
      '/etc/kubernetes/a.kubeconfig': 'clusters: [',
      '/etc/kubernetes/b.kubeconfig': KUBECONFIG('https://192.0.2.39:8443'),
      '/etc/kubernetes/ssl/a.pem': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      '/etc/kubernetes/ssl/a-csr.json': '{"hosts": ',
    },
    ['192.0.2.39'],
    ['/etc/haproxy/haproxy.cfg', '/etc/kubernetes/c.conf'],
  );
  const told = facts.problems.map(({ file, line }) => `${file}:${line}`);
  t.true(told.includes('/etc/keepalived/keepalived.conf:5'), told.join());
  for (const file of [
    '/etc/kubernetes/a.kubeconfig',
    '/etc/kubernetes/ssl/a.pem',
    '/etc/kubernetes/ssl/a-csr.json',
    '/etc/haproxy/haproxy.cfg',
    '/etc/kubernetes/c.conf',
  ])
    t.true(
      facts.problems.some((problem) => problem.file === file),
      file,
    );
  t.deepEqual(
    facts.kubeconfigs.map(({ path }) => path),
    ['/etc/kubernetes/b.kubeconfig'],
  );
});

test('every place of an address is found by content, as a whole word and in certificates', async (t) => {
  const { server } = await throwAwayTls();
  const { places, problems } = await collect(
    {
      '/etc/kubernetes/manifests/apiserver.yaml': 'a\n- --advertise-address=192.0.2.39\n- 192.0.2.390\n- 192.0.2.3\n',
      '/etc/hosts': '127.0.0.1 localhost\n192.0.2.39 vip\n192.0.2.40 new\n',
      '/etc/systemd/system/odd.service.d/vip.conf': '192.0.2.39',
      '/etc/kubernetes/ssl/kubernetes.pem': `x\n${server.certificate}`,
      '/etc/kubernetes/program': Buffer.from('\x7fELF\0 192.0.2.39'),
      '/opt/kube/bin/tool': '192.0.2.39',
      '/opt/kube/large.yaml': `192.0.2.39${' '.repeat(1024 * 1024)}`,
      '/etc/keepalived/keepalived.conf.reberth': KEEPALIVED,
      '/etc/reberth/coordinator.json': '192.0.2.39',
      '/etc/passwd': '192.0.2.39',
    },
    ['192.0.2.39', '127.0.0.1'],
  );
  t.deepEqual(problems, []);
  t.deepEqual(
    places.map(({ address, path, line, form }) => `${address} ${path}:${line} ${form}`),
    [
      '192.0.2.39 /etc/hosts:2 text',
      '127.0.0.1 /etc/hosts:1 text',
      '192.0.2.39 /etc/kubernetes/manifests/apiserver.yaml:2 text',
      '127.0.0.1 /etc/kubernetes/ssl/kubernetes.pem:2 san',
      '192.0.2.39 /etc/systemd/system/odd.service.d/vip.conf:1 text',
    ],
  );
});

const withInventory = (path: string, file: string) =>
  collectFacts({ ...contextOf({ [path]: INVENTORY }), self: hostId('192.0.2.41'), agentVersion: '0.1.0' }, [], file);

test('an inventory of another name is read when it is named', async (t) => {
  const facts = await withInventory('/etc/ansible/clusters/one/hosts', '/etc/ansible/clusters/one/hosts');
  t.is(facts.inventory?.path, '/etc/ansible/clusters/one/hosts');
  t.is((await withInventory('/etc/ansible/hosts', '/etc/ansible/clusters/one/hosts')).inventory, undefined);
});

test('no other file of the host is read as an inventory, whatever way leads there', async (t) => {
  for (const file of ['/etc/shadow', '/etc/ansible/../shadow', '/etc/ansible//../shadow', 'hosts']) {
    const facts = await withInventory('/etc/shadow', file);
    t.is(facts.inventory, undefined, file);
    t.like(facts.problems[0], { file, message: 'an inventory is read from /etc/ansible/ only' });
  }
});
