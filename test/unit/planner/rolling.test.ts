import { checkGateUse } from '@reberth/coordinator/gates/index.ts';
import { kubeasz110 } from '@reberth/coordinator/layouts/kubeasz-1.10/layout.ts';
import type { ClusterModel } from '@reberth/coordinator/layouts/model.ts';
import type { PlanDraft, StageDraft } from '@reberth/coordinator/planner/draft.ts';
import { rolling } from '@reberth/coordinator/strategies/rolling/strategy.ts';
import type { Wish } from '@reberth/coordinator/strategies/strategy.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import { endpointUrl } from '@reberth/protocol/plan.ts';
import test, { type ExecutionContext } from 'ava';
import { type FleetOptions, fleet, HOSTS, NEW, NODES, OLD } from '../../support/fleet.ts';

const wish: Wish = {
  to: NEW,
  createdAt: '2026-11-23T09:30:00.000Z',
  routerId: undefined,
  routerIdsInUse: [57],
  batch: 2,
  soakMs: 10_000,
  confirmWithinMs: 60_000,
  acceptStragglers: false,
  narrowCertificates: false,
};

function modelled(t: ExecutionContext, options: FleetOptions = {}, to = NEW): ClusterModel {
  const result = kubeasz110.model(fleet(options), 'kubeasz', to);
  if (!result.ok) return t.fail(result.reasons.join('\n')) as never;
  return result.model;
}

function drafted(t: ExecutionContext, change: Partial<Wish> = {}, options: FleetOptions = {}): PlanDraft {
  const result = rolling.draft(modelled(t, options, change.to), { ...wish, ...change });
  if (!result.ok) return t.fail(result.reasons.join('\n')) as never;
  return result.draft;
}

function stage(t: ExecutionContext, draft: PlanDraft, id: string): StageDraft {
  const found = draft.stages.find((stage) => stage.id === id);
  return found ?? (t.fail(`no stage ${id}`) as never);
}

const titles = ({ waves }: StageDraft) => waves.map(({ title }) => title);
const steps = ({ waves }: StageDraft) => waves.map(({ steps }) => steps.map(({ id, kind }) => `${kind} ${id}`));
const gatesOf = (draft: PlanDraft) =>
  draft.stages.flatMap(({ enter, exit, waves }) => [...enter, ...exit, ...waves.flatMap((wave) => [...wave.exit, ...wave.back])]);

test('a move looks, widens, switches, brings the sources up to date, soaks and narrows', (t) => {
  const { stages } = drafted(t);
  t.deepEqual(
    stages.map(({ id }) => id as string),
    ['preflight', 'widen-certificates', 'widen-vip', 'switch', 'sources', 'soak', 'narrow-vip'],
  );
});

test('only the stage that withdraws the old address commits, and only it undoes itself alone', (t) => {
  const { stages } = drafted(t);
  t.deepEqual(
    stages.filter(({ commit }) => commit).map(({ id }) => id as string),
    ['narrow-vip'],
  );
  t.is(stages.find(({ id }) => id === 'narrow-vip')?.onFailure, 'undo-stage');
});

test('certificates are taken out at the end only when that is asked for, and nothing is accepted then', (t) => {
  const asked = drafted(t, { narrowCertificates: true });
  t.is(asked.stages.at(-1)?.id as string, 'narrow-certificates');
  t.deepEqual(asked.accepted, []);
  t.is(drafted(t).accepted.length, 2);
});

test('certificates are widened one master at a time, with etcd looked at before and after each', (t) => {
  const widen = stage(t, drafted(t), 'widen-certificates');
  t.deepEqual(titles(widen), ['master 192.0.2.41', 'master 192.0.2.42']);
  t.true(widen.enter.some(({ gate }) => gate === 'etcd-quorum'));
  for (const { exit } of widen.waves) t.true(exit.some(({ gate }) => gate === 'etcd-quorum'));
});

test('a new certificate must cover every name of the present one and the new address', (t) => {
  const [wave] = stage(t, drafted(t), 'widen-certificates').waves;
  t.deepEqual(wave?.steps[1]?.params['mustCover'], ['127.0.0.1', OLD, '192.0.2.41', '10.68.0.1', 'kubernetes', 'kubernetes.default.svc', NEW]);
});

test('API servers that read a replaced certificate by themselves are not restarted, older ones are', (t) => {
  const readers = (kubernetes: string) =>
    stage(t, drafted(t, {}, { kubernetes }), 'widen-certificates').waves.map(
      ({ steps }) => (steps[1]?.params['reader'] as { unit: string } | undefined)?.unit,
    );
  t.deepEqual(readers('1.35.4'), [undefined, undefined]);
  t.deepEqual(readers('1.10.4'), ['kube-apiserver.service', 'kube-apiserver.service']);
});

for (const [holder, backup] of [
  ['192.0.2.41', '192.0.2.42'],
  ['192.0.2.42', '192.0.2.41'],
] as const) {
  test(`with ${holder} holding the address, files are staged on both first and ${backup} is loaded before it`, (t) => {
    const draft = drafted(t, {}, { holder });
    for (const id of ['widen-vip', 'narrow-vip']) {
      t.deepEqual(steps(stage(t, draft, id)), [
        [`vrrp-instance-staged ${id}/${backup}/stage`, `vrrp-instance-staged ${id}/${holder}/stage`],
        [`vrrp-instance-loaded ${id}/${backup}/load`],
        [`vrrp-instance-loaded ${id}/${holder}/load`],
      ]);
      t.deepEqual(titles(stage(t, draft, id)).slice(1), [`load on ${backup} (a backup)`, `load on ${holder} (the holder)`]);
    }
  });
}

test('the new instance takes the first router id that nobody uses, and is named after it', (t) => {
  const change = (routerIdsInUse: readonly number[]) => stage(t, drafted(t, { routerIdsInUse }), 'widen-vip').waves[0]?.steps[0]?.params['change'];
  t.deepEqual(change([57]), { op: 'add', like: 'VI-kube-master', name: 'VI-kube-master-r58', virtualRouterId: 58, address: NEW });
  t.like(change([57, 58, 59]), { virtualRouterId: 60 });
});

test('a wished router id that is in use is refused', (t) => {
  const result = rolling.draft(modelled(t), { ...wish, routerId: 57 });
  t.false(result.ok);
  t.regex(result.ok ? '' : (result.reasons[0] ?? ''), /router id 57 is in use/);
});

test('after withdrawing, everything but the old address must still be held', (t) => {
  const { waves } = stage(t, drafted(t), 'narrow-vip');
  t.like(waves[1]?.steps[0]?.params, { address: OLD, keep: [NEW], change: { op: 'remove', name: 'VI-kube-master' } });
});

test('clients are switched canary first, then nodes in batches, then masters one at a time', (t) => {
  t.deepEqual(titles(stage(t, drafted(t), 'switch')), [
    'canary 192.0.2.43',
    'nodes 192.0.2.44, 192.0.2.45',
    'master 192.0.2.41',
    'master 192.0.2.42',
  ]);
  t.deepEqual(titles(stage(t, drafted(t, { batch: 1 }), 'switch')).slice(0, 3), ['canary 192.0.2.43', 'node 192.0.2.44', 'node 192.0.2.45']);
});

test('only the canary has to prove the new path with a newly renewed lease', (t) => {
  const proofs = stage(t, drafted(t), 'switch').waves.map(({ exit }) => exit.some(({ params }) => params['renewedSinceOpened'] === true));
  t.deepEqual(proofs, [true, false, false, false]);
});

test('on each host kube-proxy goes before kubelet and kubectl last, each with the unit that reads its files', (t) => {
  const [canary] = stage(t, drafted(t), 'switch').waves;
  const from = endpointUrl({ address: OLD, port: 8443 });
  const to = endpointUrl({ address: NEW, port: 8443 });
  t.deepEqual(
    canary?.steps.map(({ params }) => ({ ...params, reader: (params['reader'] as { unit: string } | undefined)?.unit })),
    [
      { files: ['/etc/kubernetes/kube-proxy.kubeconfig'], from, to, reader: 'kube-proxy.service' },
      { files: ['/etc/kubernetes/bootstrap.kubeconfig', '/etc/kubernetes/kubelet.kubeconfig'], from, to, reader: 'kubelet.service' },
      { files: ['/root/.kube/config'], from, to, reader: undefined },
    ],
  );
});

test('each switched host is looked at for connections that it still dials to the old address, load balancers too', (t) => {
  const quiet = stage(t, drafted(t), 'switch').waves.map(({ exit }) => exit.find(({ gate }) => gate === 'old-endpoint-quiet')?.params['hosts']);
  t.deepEqual(quiet, [[NODES[0]], NODES.slice(1), [HOSTS[0]], [HOSTS[1]]]);
});

test('inventory and certificate requests are changed after the clients', (t) => {
  t.deepEqual(steps(stage(t, drafted(t), 'sources')), [
    [
      'inventory-variables sources/192.0.2.41/all-vars',
      'inventory-variables sources/192.0.2.41/lb-vars',
      'signing-request-hosts sources/192.0.2.41/request',
      'signing-request-hosts sources/192.0.2.42/request',
    ],
  ]);
});

test('every gate of a plan exists and fits its parameters', (t) => {
  t.deepEqual(gatesOf(drafted(t, { narrowCertificates: true })).flatMap(checkGateUse), []);
});

test('a soak of any length leaves its gate time to pass', (t) => {
  t.deepEqual(gatesOf(drafted(t, { soakMs: 3_600_000 })).flatMap(checkGateUse), []);
});

test('a cluster at the target gets an empty plan, whatever router id is wished', (t) => {
  const draft = drafted(t, { routerId: 57 }, { dialled: NEW });
  t.deepEqual(draft.stages, []);
  t.deepEqual(draft.notes, [`every client uses ${NEW} already`]);
});

test('a move that was begun is continued: the instance that is there is used, and nobody must be silent at the new address', (t) => {
  const draft = drafted(t, {}, { served: [OLD, NEW] });
  t.deepEqual(stage(t, draft, 'widen-vip').waves[0]?.steps, []);
  t.false(stage(t, draft, 'preflight').enter.some(({ gate }) => gate === 'address-silent'));
});

test('step ids are unique and every step is of a host of the plan', (t) => {
  const draft = drafted(t, { narrowCertificates: true });
  const all = draft.stages.flatMap(({ waves }) => waves.flatMap(({ steps }) => steps));
  t.is(new Set(all.map(({ id }) => id)).size, all.length);
  t.deepEqual([...new Set(all.map(({ host }) => host))].toSorted(), HOSTS.map((host) => hostId(host)).toSorted());
});
