import { checkGateUse, gates, judgeGate } from '@reberth/coordinator/gates/index.ts';
import type { Answer } from '@reberth/coordinator/probes/probes.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import test, { type ExecutionContext } from 'ava';

type Params = Readonly<Record<string, unknown>>;

/** Samples 500 ms apart from 10 000 ms on, judged at the last one. */
const judged = (gate: string, params: Params, ...samples: readonly unknown[]): string => {
  const history = samples.map((sample, index) => ({ atMs: 10_000 + index * 500, sample }));
  const verdict = judgeGate(gate, params, history, history.at(-1)?.atMs ?? 10_000);
  return verdict.is === 'pass' ? 'pass' : `${verdict.is}: ${verdict.why}`;
};
const from = (host: string, value: unknown) => ({ host: hostId(host), answer: { ok: true, value } satisfies Answer<unknown> });
const silent = (host: string) => ({ host: hostId(host), answer: { ok: false, why: 'no answer within 12000 ms' } satisfies Answer<unknown> });
const endpoint = { address: '192.0.2.39', port: 8443 };

/** For gates that ask hosts: one that does not answer makes none of them pass. */
const asking: Readonly<Record<string, Params>> = {
  'address-silent': { address: '192.0.2.40', hosts: ['a'] },
  'endpoint-answers': { endpoint, caFile: '/ca', hosts: ['a'] },
  'etcd-quorum': { members: [] },
  'old-endpoint-quiet': { endpoint, hosts: ['a'] },
  'proxy-healthy': { hosts: ['a'], url: 'http://127.0.0.1:10256/healthz' },
  stragglers: { endpoint, loadBalancers: ['a'], own: [], accept: true, soakMs: 0 },
  'vip-released': { address: '192.0.2.39', loadBalancers: ['a'] },
  'vip-single-holder': { address: '192.0.2.39', loadBalancers: ['a'] },
};
for (const [gate, params] of Object.entries(asking)) {
  test(`${gate} waits for a host that does not answer, and names it`, (t) => {
    t.regex(judged(gate, params, [silent('a')]), /^wait: .*a: no answer within 12000 ms/);
  });
}

test('every gate is on the list once, and has words for its parameters', (t) => {
  const names = gates.map(({ name }) => name);
  t.is(new Set(names).size, names.length);
  for (const [gate, params] of Object.entries(asking)) t.not(gates.find(({ name }) => name === gate)?.title(params) ?? '', '');
});

test('a use of an unknown gate, with wrong parameters or with no time to pass is refused in words', (t) => {
  const use = {
    gate: 'vip-released',
    title: '',
    params: asking['vip-released'] ?? {},
    everyMs: 500,
    holdForMs: 2_000,
    giveUpAfterMs: 5_000,
    onGiveUp: 'undo',
  } as const;
  t.deepEqual(checkGateUse(use), []);
  t.regex(checkGateUse({ ...use, gate: 'prayer' }).join(), /^there is no gate "prayer"; known: address-silent, agents-heard/);
  t.regex(checkGateUse({ ...use, params: { address: 7 } }).join(' | '), /^gate vip-released: address: .* \| gate vip-released: loadBalancers: /);
  t.is(checkGateUse({ ...use, everyMs: 0, giveUpAfterMs: 2_000 }).length, 2);
});

test('agents-heard passes with lately heard agents without complaints', (t) => {
  const params = { hosts: ['a', 'b'], withinMs: 5_000 };
  const well = { host: 'a', heardAtMs: 9_000, problems: [] };
  t.is(judged('agents-heard', params, [well]), 'pass');
  t.is(judged('agents-heard', params, [well, { host: 'b', heardAtMs: 0, problems: [] }]), 'wait: b: never heard of');
  t.is(judged('agents-heard', params, [well, { host: 'b', heardAtMs: 4_999, problems: [] }]), 'wait: b: silent for more than 5 s');
  t.is(judged('agents-heard', params, [{ ...well, problems: ['disk is full'] }]), 'wait: a: disk is full');
});

test('address-silent fails when somebody answers, or when a host carries the address itself', (t) => {
  const params = asking['address-silent'] ?? {};
  t.is(judged('address-silent', params, [from('a', { local: false })]), 'pass');
  t.is(
    judged('address-silent', params, [from('a', { local: false, claimedBy: '52:54' })]),
    'fail: 192.0.2.40 is in use: 52:54 answers for it (asked from a)',
  );
  t.is(judged('address-silent', params, [silent('b'), from('a', { local: true })]), 'fail: 192.0.2.40 is in use: a carries it itself');
});

test('apiserver-ready passes with 200 only', (t) => {
  const params = { address: '192.0.2.41', port: 6443 };
  t.is(judged('apiserver-ready', params, { ok: true, value: { status: 200, body: 'ok' } }), 'pass');
  t.is(judged('apiserver-ready', params, { ok: true, value: { status: 500, body: '' } }), 'wait: 192.0.2.41:6443 answers /readyz with 500');
  t.is(judged('apiserver-ready', params, { ok: false, why: 'connect ECONNREFUSED' }), 'wait: cannot reach 192.0.2.41:6443: connect ECONNREFUSED');
});

test('cert-covers waits until every name is covered by what is served', (t) => {
  const params = { address: '192.0.2.41', port: 6443, caFile: '/ca', covers: ['192.0.2.39', '192.0.2.40'], from: ['a'] };
  const name = (name: string, value: unknown) => ({ name, answers: [from('a', value)] });
  const covered = name('192.0.2.39', { covers: true, names: [], why: '' });
  t.is(judged('cert-covers', params, [covered, name('192.0.2.40', { covers: true, names: [], why: '' })]), 'pass');
  t.is(
    judged('cert-covers', params, [covered, name('192.0.2.40', { covers: false, names: ['192.0.2.39'], why: '' })]),
    'wait: a: 192.0.2.40 is not among 192.0.2.39',
  );
  t.is(judged('cert-covers', params, [name('192.0.2.40', { covers: false, names: [], why: 'refused' })]), 'wait: a: refused');
  t.is(judged('cert-covers', params, [{ name: '192.0.2.40', answers: [silent('a')] }]), 'wait: a: no answer within 12000 ms');
});

test('connections-held counts from before the stage, when somebody was watching then', (t) => {
  const params = { endpoint, hosts: ['a'] };
  const held = (heldBroken: number, atStageStart: number) => [{ host: 'a', heldBroken, atStageStart }];
  t.is(judged('connections-held', params, held(2, 2)), 'pass');
  t.is(judged('connections-held', params, held(20, 0)), 'fail: a: 20 broken');
  const told = [{ host: 'a', heldBroken: 1, atStageStart: 0, lastFailure: 'held connection: read ECONNRESET' }];
  t.is(judged('connections-held', params, told), 'fail: a: 1 broken (held connection: read ECONNRESET)');
});

test('connections-held fails for what breaks while it looks, and not for what broke before', (t) => {
  const params = { endpoint, hosts: ['a', 'b'] };
  const held = (a?: number, b?: number) => [
    { host: 'a', heldBroken: a },
    { host: 'b', heldBroken: b },
  ];
  t.is(judged('connections-held', params, held(2, 0), held(2, 0)), 'pass');
  t.is(judged('connections-held', params, held(2, 0), held(3, 0)), 'fail: a: 1 broken');
  t.is(judged('connections-held', params, held(0, 0), held(0, undefined)), 'wait: b not watching yet');
  t.is(judged('connections-held', params, held(0, undefined), held(0, 4)), 'pass');
  t.is(judged('connections-held', params, held(0, undefined), held(0, 4), held(0, 6)), 'fail: b: 2 broken');
});

test('endpoint-answers tells a certificate of other names from no answer', (t) => {
  const params = asking['endpoint-answers'] ?? {};
  const answer = { answers: true, covers: true, status: 200, names: [], why: '' };
  t.is(judged('endpoint-answers', params, [from('a', answer)]), 'pass');
  t.is(
    judged('endpoint-answers', params, [from('a', { ...answer, covers: false, names: ['x', 'y'] })]),
    'wait: a: the certificate names x, y and not 192.0.2.39',
  );
  t.is(
    judged('endpoint-answers', params, [from('a', answer), from('b', { ...answer, answers: false, why: 'timed out' })]),
    'wait: b: no answer: timed out',
  );
});

test('etcd-quorum wants every member well, and says whether the rest is a quorum', (t) => {
  const well = (host: string) => from(host, { status: 200, body: '{"health":"true","reason":""}', why: '' });
  t.is(judged('etcd-quorum', { members: [] }, [well('a'), from('b', { status: 200, body: '{"health":true}', why: '' }), well('c')]), 'pass');
  const ill = (host: string) => from(host, { status: 503, body: '{"health":"false"}\n', why: '' });
  t.is(
    judged('etcd-quorum', { members: [] }, [well('a'), well('b'), ill('c')]),
    'wait: 1 of 3 members unwell, quorum hangs on the rest: c: etcd answers 503 {"health":"false"}',
  );
  t.regex(
    judged('etcd-quorum', { members: [] }, [well('a'), ill('b'), from('c', { status: 0, body: '', why: 'refused' })]),
    /^wait: 2 of 3 members unwell, no quorum: .*c: refused/,
  );
});

test('old-endpoint-quiet counts who dials, and not what a load balancer accepts', (t) => {
  const params = asking['old-endpoint-quiet'] ?? {};
  const accepted = { local: '192.0.2.39:8443', remote: '192.0.2.44:40000', process: 'haproxy' };
  const dialled = { local: '192.0.2.44:40000', remote: '192.0.2.39:8443', process: 'kubelet' };
  t.is(judged('old-endpoint-quiet', params, [from('a', { peers: [accepted] })]), 'pass');
  t.is(judged('old-endpoint-quiet', params, [from('a', { peers: [accepted, dialled] })]), 'wait: a: 1 connection to 192.0.2.39:8443 (kubelet)');
  const fromHolder = { local: '192.0.2.39:40001', remote: '192.0.2.39:8443' };
  t.is(
    judged('old-endpoint-quiet', params, [from('a', { peers: [dialled, fromHolder] })]),
    'wait: a: 2 connections to 192.0.2.39:8443 (kubelet, a process)',
  );
});

test('proxy-healthy wants 200 from every host', (t) => {
  const params = asking['proxy-healthy'] ?? {};
  const answer = (status: number, why = '') => from('a', { status, body: '', why });
  t.is(judged('proxy-healthy', params, [answer(200)]), 'pass');
  t.is(judged('proxy-healthy', params, [answer(503)]), 'wait: a: answers 503');
  t.is(judged('proxy-healthy', params, [answer(0, 'connect ECONNREFUSED')]), 'wait: a: connect ECONNREFUSED');
});

const clients = (...remotes: readonly string[]) => [from('a', { peers: remotes.map((remote) => ({ local: '192.0.2.39:8443', remote })) })];
const stragglersOf = (accept: boolean, soakMs: number, ...samples: readonly unknown[]) =>
  judged('stragglers', { endpoint, loadBalancers: ['a'], own: ['192.0.2.44'], accept, soakMs }, ...samples);

test('stragglers passes when only own hosts and the load balancer itself are connected', (t) => {
  t.is(stragglersOf(false, 0, clients('192.0.2.44:1', '192.0.2.39:2')), 'pass');
});

test('stragglers names outside clients with their count, and waits when they are not accepted, however long', (t) => {
  const talking = clients('198.51.100.7:1', '198.51.100.7:2', '198.51.100.8:1');
  t.is(stragglersOf(false, 500, talking, talking, talking), 'wait: still in use by 198.51.100.7 (2 connections), 198.51.100.8 (1 connection)');
});

test('accepted stragglers are waited for until the soak is over, then named and let go', (t) => {
  const talking = clients('198.51.100.7:1');
  t.is(stragglersOf(true, 1_000, talking, talking), 'wait: still in use by 198.51.100.7 (1 connection)');
  t.is(stragglersOf(true, 1_000, talking, talking, talking), 'skip: accepted: 198.51.100.7 (1 connection)');
});

const holders = (gate: string, ...holding: readonly boolean[]) =>
  judged(
    gate,
    { address: '192.0.2.39', loadBalancers: ['a', 'b'] },
    holding.map((holds, index) => from('ab'[index] ?? '', [{ networkInterface: 'eth0', address: holds ? '192.0.2.39' : '192.0.2.41' }])),
  );

test('vip-single-holder passes with exactly one holder and tells none from two', (t) => {
  t.is(holders('vip-single-holder', true, false), 'pass');
  t.is(holders('vip-single-holder', false, false), 'wait: no load balancer holds 192.0.2.39');
  t.is(holders('vip-single-holder', true, true), 'wait: a and b hold 192.0.2.39');
});

test('vip-released passes with no holder', (t) => {
  t.is(holders('vip-released', false, false), 'pass');
  t.is(holders('vip-released', false, true), 'wait: b holds 192.0.2.39');
});

test('a count with one load balancer silent is no count', (t: ExecutionContext) => {
  const sample = [from('a', [{ networkInterface: 'eth0', address: '192.0.2.39' }]), silent('b')];
  t.is(
    judged('vip-single-holder', { address: '192.0.2.39', loadBalancers: ['a', 'b'] }, sample),
    'wait: cannot count the holders of 192.0.2.39: b: no answer within 12000 ms',
  );
});
