import { kubeasz110 } from '@reberth/coordinator/layouts/kubeasz-1.10/layout.ts';
import { type Findings, preflightReasons } from '@reberth/coordinator/planner/preflight.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import test, { type ExecutionContext } from 'ava';
import { COLLECTED_AT_MS, type FleetOptions, fleet, HOSTS, NEW, OLD, withHost } from '../../support/fleet.ts';

const clean: Findings = {
  facts: fleet(),
  receivedAtMs: new Map(HOSTS.map((host) => [host, COLLECTED_AT_MS])),
  silentHosts: [],
  claims: HOSTS.map((host) => ({ host, answer: { ok: true, value: { local: false } } })),
  heardRouters: [
    { virtualRouterId: 57, source: '192.0.2.41' },
    { virtualRouterId: 90, source: '192.0.2.7' },
  ],
  clusterCa: { ok: true, value: undefined },
  nodes: { ok: true, value: HOSTS.map((name) => ({ name, ready: true, why: '' })) },
  etcd: HOSTS.slice(0, 3).map((host) => ({ host, healthy: true, why: '' })),
  channels: [{ name: 'NATS', address: '192.0.2.41' }],
};

function reasons(t: ExecutionContext, change: Partial<Findings>, options: FleetOptions = {}): readonly string[] {
  const result = kubeasz110.model(fleet(options), 'kubeasz', NEW);
  return result.ok ? preflightReasons(result.model, NEW, { ...clean, ...change }) : (t.fail(result.reasons.join('\n')) as never);
}

test('a cluster that is well gives no reason against', (t) => {
  t.deepEqual(reasons(t, {}), []);
});

test('a new address that another host answers for is refused once per machine, naming who saw it', (t) => {
  const claims = clean.claims.map(({ host }, index) => ({
    host,
    answer: { ok: true, value: { local: false, ...(index < 2 ? { claimedBy: '52:54:00:00:00:07' } : {}) } } as const,
  }));
  t.deepEqual(reasons(t, { claims }), [`${NEW} is in use: 52:54:00:00:00:07 answers for it (seen from 192.0.2.41, 192.0.2.42)`]);
});

test('a new address that a host of the cluster carries is refused', (t) => {
  const facts = withHost(fleet(), '192.0.2.44', ({ addresses }) => ({ addresses: [...addresses, { networkInterface: 'eth1', address: NEW }] }));
  t.deepEqual(reasons(t, { facts }), [`${NEW} is in use: 192.0.2.44 carries it on an interface`]);
});

test('a host that cannot ask who answers is refused: silence that nobody listened to proves nothing', (t) => {
  const claims = [...clean.claims.slice(1), { host: hostId('192.0.2.41'), answer: { ok: false, why: 'no route' } } as const];
  t.deepEqual(reasons(t, { claims }), [`192.0.2.41: cannot ask who answers to ${NEW}: no route`]);
});

test('a new address that the own load balancers serve already is a move to go on with', (t) => {
  const claims = clean.claims.map(({ host }) => ({ host, answer: { ok: true, value: { local: false, claimedBy: '52:54:00:00:00:41' } } as const }));
  t.deepEqual(reasons(t, { claims }, { served: [OLD, NEW] }), []);
});

test('a router id that a stranger uses is refused, the own load balancers may use it', (t) => {
  const heardRouters = [...clean.heardRouters, { virtualRouterId: 57, source: '192.0.2.7' }, { virtualRouterId: 57, source: '192.0.2.42' }];
  t.deepEqual(reasons(t, { heardRouters }), ['VRRP router id 57 is also used by 192.0.2.7, which is no load balancer of this cluster']);
});

test('a silent host is refused', (t) => {
  t.deepEqual(reasons(t, { silentHosts: [{ host: hostId('192.0.2.45'), why: 'no answer within 20000 ms' }] }), [
    '192.0.2.45: agent does not answer: no answer within 20000 ms',
  ]);
});

test('a file that cannot be read is refused with its line', (t) => {
  const facts = withHost(fleet(), '192.0.2.42', () => ({
    problems: [{ file: '/etc/keepalived/keepalived.conf', line: 12, message: 'brace is never closed' }],
  }));
  t.deepEqual(reasons(t, { facts }), ['192.0.2.42: /etc/keepalived/keepalived.conf:12: brace is never closed']);
});

test('a CA that cannot sign is refused', (t) => {
  t.deepEqual(reasons(t, { clusterCa: { ok: false, why: 'cannot read /etc/kubernetes/ssl/ca-key.pem' } }), [
    "the cluster's CA cannot sign: cannot read /etc/kubernetes/ssl/ca-key.pem",
  ]);
});

test('a Node that is not Ready and a cluster that does not answer are refused', (t) => {
  const nodes = { ok: true, value: [{ name: '192.0.2.44', ready: false, why: 'KubeletNotReady' }] } as const;
  t.deepEqual(reasons(t, { nodes }), ['Node 192.0.2.44 is not Ready: KubeletNotReady']);
  t.deepEqual(reasons(t, { nodes: { ok: false, why: 'connection refused' } }), ['the cluster does not answer: connection refused']);
});

test('an unhealthy etcd member is refused', (t) => {
  t.deepEqual(reasons(t, { etcd: [{ host: hostId('192.0.2.43'), healthy: false, why: 'answers 503' }] }), [
    '192.0.2.43: etcd member is not healthy: answers 503',
  ]);
});

for (const [words, address] of [
  ['leaves', OLD],
  ['gets', NEW],
] as const) {
  test(`a channel over the address that the cluster ${words} is refused`, (t) => {
    t.deepEqual(reasons(t, { channels: [{ name: 'NATS', address }] }), [
      `NATS is reached at ${address}, which is the address being moved; give it a host's own address`,
    ]);
  });
}

for (const [words, skewMs] of [
  ['ahead of', 31_000],
  ['behind', -31_000],
] as const) {
  test(`a clock that is ${words} ours by more than the limit is refused`, (t) => {
    const receivedAtMs = new Map([...clean.receivedAtMs, ['192.0.2.43', COLLECTED_AT_MS - skewMs]]);
    t.deepEqual(reasons(t, { receivedAtMs }), [`192.0.2.43: clock is 31 s ${words} the coordinator's; set the time first`]);
    t.deepEqual(reasons(t, { receivedAtMs: new Map([['192.0.2.43', COLLECTED_AT_MS - skewMs + Math.sign(skewMs) * 1_000]]) }), []);
  });
}

test('a place that holds the old address and that the layout does not know is refused, known ones and the new address are not', (t) => {
  const facts = withHost(fleet(), '192.0.2.42', () => ({
    places: [
      { address: OLD, path: '/etc/keepalived/keepalived.conf', line: 18, form: 'text' },
      { address: OLD, path: '/etc/kubernetes/ssl/kubernetes.pem', line: 1, form: 'san' },
      { address: NEW, path: '/etc/motd', line: 1, form: 'text' },
      { address: OLD, path: '/etc/hosts', line: 3, form: 'text' },
      { address: OLD, path: '/etc/haproxy/extra.pem', line: 1, form: 'san' },
    ],
  }));
  t.deepEqual(reasons(t, { facts }), [
    `192.0.2.42: /etc/hosts:3 holds ${OLD} and is no place that this layout knows`,
    `192.0.2.42: /etc/haproxy/extra.pem:1 holds ${OLD} in a certificate and is no place that this layout knows`,
  ]);
});

test('all reasons come at once', (t) => {
  const all = reasons(t, {
    silentHosts: [{ host: hostId('192.0.2.45'), why: 'silent' }],
    clusterCa: { ok: false, why: 'gone' },
    nodes: { ok: false, why: 'gone' },
    etcd: [{ host: hostId('192.0.2.43'), healthy: false, why: 'gone' }],
  });
  t.is(all.length, 4);
});
