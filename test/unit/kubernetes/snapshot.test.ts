import { snapshotOf } from '@reberth/coordinator/kubernetes/snapshot.ts';
import { compareWorkloads } from '@reberth/coordinator/kubernetes/workloads.ts';
import test from 'ava';
import { pod, snapshot } from '../../support/snapshot.ts';

const nothing = { items: [] };
const nodeItem = (conditions: readonly object[], spec: object = {}) => ({ metadata: { name: 'n1', uid: 'u1' }, spec, status: { conditions } });
const podItem = (status: object, metadata: object = {}, spec: object = { nodeName: 'n1' }) => ({
  metadata: { name: 'web', namespace: 'default', uid: 'p1', ...metadata },
  spec,
  status,
});
const oneNode = (...item: Parameters<typeof nodeItem>) => snapshotOf({ items: [nodeItem(...item)] }, nothing, nothing, 0).nodes[0];
const onePod = (...item: Parameters<typeof podItem>) => snapshotOf(nothing, nothing, { items: [podItem(...item)] }, 0).pods[0];

test('a Node is told by name, uid, podCIDR and whether it takes Pods', (t) => {
  t.like(oneNode([{ type: 'Ready', status: 'True' }], { podCIDR: '172.20.1.0/24', unschedulable: true }), {
    name: 'n1',
    uid: 'u1',
    podCidr: '172.20.1.0/24',
    unschedulable: true,
  });
});

test('a Node is Ready only when its Ready condition is True, and otherwise says why', (t) => {
  t.like(
    oneNode([
      { type: 'DiskPressure', status: 'True' },
      { type: 'Ready', status: 'True' },
    ]),
    { ready: true, why: '' },
  );
  t.like(oneNode([{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting' }]), {
    ready: false,
    why: 'NodeStatusUnknown: Kubelet stopped posting',
  });
  t.like(oneNode([{ type: 'Ready', status: 'False' }]), { ready: false, why: 'Ready is False' });
  t.like(oneNode([]), { ready: false, why: 'it has no Ready condition' });
});

test('a Node without a lease of its name has none', (t) => {
  const leases = { items: [{ metadata: { name: 'n2' }, spec: { renewTime: '2026-11-23T09:30:00.123456Z' } }] };
  const taken = snapshotOf({ items: [nodeItem([]), { ...nodeItem([]), metadata: { name: 'n2', uid: 'u2' } }] }, leases, nothing, 0);
  t.deepEqual(
    taken.nodes.map(({ leaseRenewedAtMs }) => leaseRenewedAtMs),
    [0, Date.UTC(2026, 10, 23, 9, 30, 0, 123)],
  );
});

test('restarts of all containers of a Pod are counted together', (t) => {
  t.is(onePod({ containerStatuses: [{ restartCount: 2 }, { restartCount: 1 }], initContainerStatuses: [{ restartCount: 4 }] })?.restarts, 7);
});

test('a Pod is ready when its condition says so or its work is done', (t) => {
  const ready = (status: object) => onePod(status)?.ready;
  t.true(ready({ phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] }));
  t.true(ready({ phase: 'Succeeded', conditions: [{ type: 'Ready', status: 'False' }] }));
  t.false(ready({ phase: 'Running', conditions: [{ type: 'Ready', status: 'False' }] }));
  t.false(ready({ phase: 'Failed' }));
});

test('the owner of a Pod is the kind of its controller', (t) => {
  const owned = (ownerReferences: unknown) => onePod({}, { ownerReferences })?.owner;
  t.is(
    owned([
      { kind: 'Node', name: 'x' },
      { kind: 'ReplicaSet', name: 'y', controller: true },
    ]),
    'ReplicaSet',
  );
  t.is(owned(null), '');
});

test('a Pod that nobody has scheduled yet has no Node', (t) => {
  t.is(onePod({}, {}, {})?.node, '');
});

test('a list of another shape is refused with the place', (t) => {
  t.throws(() => snapshotOf({ items: [{ metadata: {} }] }, nothing, nothing, 0), {
    message: /^cannot read the list of nodes: items\.0\.metadata\.name: /,
  });
});

test('a list whose items are null is an empty list', (t) => {
  t.deepEqual(snapshotOf({ items: null }, { items: null }, { items: null }, 0), { takenAtMs: 0, nodes: [], pods: [] });
});

test('all differences are told at once, restarts with their number', (t) => {
  const [, web2, proxy] = snapshot().pods;
  const after = snapshot({ nodes: [], pods: [pod('web-1', { restarts: 3 }), ...(proxy === undefined ? [] : [{ ...proxy, uid: 'x' }])] });
  t.truthy(web2);
  t.deepEqual(compareWorkloads(snapshot(), after), [
    'Node n1 is gone',
    'Node n2 is gone',
    'Pod default/web-1 was restarted 3 times',
    'Pod default/web-2 is gone',
    'Pod default/proxy-x was replaced by another of its name',
  ]);
});

test('the same name in another namespace is another Pod', (t) => {
  const before = snapshot({ pods: [pod('web')] });
  t.deepEqual(compareWorkloads(before, snapshot({ pods: [pod('web', { namespace: 'kube-system' })] })), ['Pod default/web is gone']);
});
