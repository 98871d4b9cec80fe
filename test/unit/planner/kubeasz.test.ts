import { recogniseLayout } from '@reberth/coordinator/layouts/index.ts';
import { kubeasz110 } from '@reberth/coordinator/layouts/kubeasz-1.10/layout.ts';
import type { Facts } from '@reberth/protocol/facts.ts';
import test, { type ExecutionContext } from 'ava';
import { fleet, HOSTS, MASTERS, NEW, NODES, OLD, withHost } from '../../support/fleet.ts';

const model = (t: ExecutionContext, facts: readonly Facts[], to = NEW) => {
  const result = kubeasz110.model(facts, 'kubeasz', to);
  return result.ok ? result.model : (t.fail(result.reasons.join('\n')) as never);
};
const reasons = (facts: readonly Facts[]) => {
  const result = kubeasz110.model(facts, 'kubeasz', NEW);
  return result.ok ? [] : result.reasons;
};
const servers = (change: (server: string, path: string) => string) => (facts: Facts) => ({
  kubeconfigs: facts.kubeconfigs.map((one) => ({ ...one, server: change(one.server, one.path) })),
});

test('the fleet of the runbook is recognised, with the evidence', (t) => {
  const result = recogniseLayout(fleet());
  t.true(result.ok);
  if (!result.ok) return;
  t.is(result.layout.name, 'kubeasz-1.10');
  t.true(result.evidence.includes('group [lb] in /etc/ansible/hosts'));
});

test('a fleet without inventory is not recognised, and what is missing is said', (t) => {
  const result = recogniseLayout(withHost(fleet(), '192.0.2.41', () => ({ inventory: undefined })));
  t.false(result.ok);
  t.regex(result.ok ? '' : result.reasons.join(), /no inventory with MASTER_IP/);
});

test('two layouts that both fit are refused', (t) => {
  const result = recogniseLayout(fleet(), [kubeasz110, { ...kubeasz110, name: 'twin' }]);
  t.deepEqual(result.ok ? [] : result.reasons, ['two layouts fit this cluster: kubeasz-1.10 and twin']);
});

test('the endpoint in use is the virtual one that clients dial', (t) => {
  t.deepEqual(model(t, fleet()).from, { address: OLD, port: 8443 });
});

test('hosts have the roles of the inventory', (t) => {
  const roles = new Map(model(t, fleet()).hosts.map(({ id, roles }) => [id, roles]));
  t.deepEqual(roles.get(HOSTS[0] ?? NODES[0] ?? (t.fail() as never)), ['deploy', 'etcd', 'kube-master', 'lb']);
  t.deepEqual(
    HOSTS.slice(2).map((host) => roles.get(host)),
    [['etcd', 'kube-node'], ['kube-node'], ['kube-node']],
  );
});

test('the load balancer that holds the address now comes last, whatever its priority', (t) => {
  const last = (holder: string) => model(t, fleet({ holder })).loadBalancers.at(-1)?.host as string;
  t.is(last('192.0.2.41'), '192.0.2.41');
  t.is(last('192.0.2.42'), '192.0.2.42');
});

test('with nobody holding the address, the one of the highest priority comes last', (t) => {
  t.is(model(t, fleet({ holder: 'nobody' })).loadBalancers.at(-1)?.host as string, '192.0.2.41');
});

test('masters carry nodes’ clients too, and only they have certificates that keep the old address', (t) => {
  const { clients, knownPlaces } = model(t, fleet());
  t.deepEqual(
    clients.map(({ isMaster, isNode }) => [isMaster, isNode]),
    [
      [true, true],
      [true, true],
      [false, true],
      [false, true],
      [false, true],
    ],
  );
  t.deepEqual(
    knownPlaces.filter(({ accepted }) => accepted !== undefined).map(({ host }) => host),
    [...MASTERS],
  );
});

test('a kubeconfig that nothing would move is no known place', (t) => {
  const { knownPlaces } = model(t, fleet());
  t.false(knownPlaces.some(({ path }) => path === '/etc/kubernetes/kube-scheduler.kubeconfig'));
  t.true(knownPlaces.some(({ path }) => path === '/etc/kubernetes/kubelet.kubeconfig'));
});

test('an inventory address in a template is resolved, and only the variables that hold a value are changed', (t) => {
  const facts = withHost(fleet(), '192.0.2.41', ({ inventory }) => ({
    inventory: inventory && {
      ...inventory,
      groups: inventory.groups.map((group) =>
        group.name === 'all' ? { ...group, vars: { ...group.vars, KUBE_APISERVER: 'https://{{ MASTER_IP }}:8443' } } : group,
      ),
    },
  }));
  t.deepEqual(
    model(t, facts).inventory?.variables.map(({ name, value }) => [name, value]),
    [
      ['MASTER_IP', OLD],
      ['ROUTER_ID', '57'],
    ],
  );
});

test('when every client is at the target and the inventory is not, the old address is still the one to leave', (t) => {
  const moved = fleet({ served: [OLD, NEW] }).map((facts) => ({ ...facts, ...servers((server) => server.replace(OLD, NEW))(facts) }));
  t.is(model(t, moved).from.address, OLD);
});

test('at the target there is nothing to leave', (t) => {
  t.is(model(t, fleet({ dialled: NEW })).from.address, NEW);
});

test('a stray kubeconfig does not pass for the cluster’s address, and is named', (t) => {
  const facts = withHost(
    fleet(),
    '192.0.2.43',
    servers((server, path) => (path === '/root/.kube/config' ? 'https://198.51.100.7:6443' : server)),
  );
  t.deepEqual(reasons(facts), [
    '192.0.2.43: /root/.kube/config points at https://198.51.100.7:6443, which is neither the old address nor the new one',
  ]);
});

test('a host of the inventory that was not heard, and one that is in no group, are both named', (t) => {
  const [, , ...others] = fleet();
  const stranger = { ...(others[0] ?? (t.fail() as never)), host: '192.0.2.99' };
  t.deepEqual(reasons([...fleet().slice(0, 4), stranger]), [
    '192.0.2.45 is in /etc/ansible/hosts and has no agent that answers',
    '192.0.2.99 has an agent and is in no group of /etc/ansible/hosts',
  ]);
});

test('a master without its certificate and a load balancer without the address are both refused at once', (t) => {
  const bare = withHost(fleet(), '192.0.2.42', ({ keepalived }) => ({
    certificates: [],
    keepalived: keepalived && { ...keepalived, instances: [] },
  }));
  t.deepEqual(reasons(bare), [
    `192.0.2.42: no VRRP instance serves ${OLD}`,
    '192.0.2.42: /etc/kubernetes/ssl/kubernetes.pem is missing or unreadable',
  ]);
});

test('one load balancer alone is refused', (t) => {
  t.regex(reasons(withHost(fleet(), '192.0.2.42', () => ({ keepalived: undefined }))).join(), /^1 load balancers .* two are needed/);
});

test('API servers since 1.17 read a replaced certificate by themselves; an unknown version counts as older', (t) => {
  const reload = (kubernetes: string) => model(t, fleet({ kubernetes })).masters.every(({ reloadsCertificate }) => reloadsCertificate);
  t.deepEqual(['v1.10.4', '1.16.15', '1.17.0', 'v1.35.4', ''].map(reload), [false, false, true, true, false]);
});
