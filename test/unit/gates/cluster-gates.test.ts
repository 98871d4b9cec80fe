import { gatesOver, judgeGate } from '@reberth/coordinator/gates/index.ts';
import type { Answer, Probes } from '@reberth/coordinator/probes/probes.ts';
import type { ClusterSnapshot } from '@reberth/protocol/cluster.ts';
import test from 'ava';
import { node, pod, snapshot, TAKEN_AT_MS } from '../../support/snapshot.ts';

const probesOf = (cluster: Answer<ClusterSnapshot>): Omit<Probes, 'baseline' | 'heldBrokenBefore'> => ({
  host: async () => ({ ok: false, why: 'no hosts here' }),
  heartbeat: () => undefined,
  cluster: async () => cluster,
  api: async () => ({ ok: false, why: 'no API here' }),
  nowMs: () => TAKEN_AT_MS,
});

/** Probed and judged as the executor does it, a minute after the last sample. */
async function judged(
  gate: string,
  params: Readonly<Record<string, unknown>>,
  before: ClusterSnapshot | undefined,
  ...nows: readonly (ClusterSnapshot | string)[]
): Promise<string> {
  const history = await Promise.all(
    nows.map(async (now, index) => {
      const probes = probesOf(typeof now === 'string' ? { ok: false, why: now } : { ok: true, value: now });
      return { atMs: index * 500, sample: await gatesOver(probes).probe(gate, params, { before, measured: [] }, AbortSignal.timeout(1_000)) };
    }),
  );
  const verdict = judgeGate(gate, params, history, TAKEN_AT_MS + 60_000);
  return verdict.is === 'pass' ? 'pass' : `${verdict.is}: ${verdict.why}`;
}

const fresh = { leaseFreshMs: 20_000 };
const ready = (now: ClusterSnapshot | string, before: ClusterSnapshot | undefined = snapshot()) => judged('nodes-ready', fresh, before, now);
const unchanged = (now: ClusterSnapshot | string, before: ClusterSnapshot | undefined = snapshot()) => judged('workloads-unchanged', {}, before, now);

test('nodes-ready passes when every Node is the same, Ready and has a lease that was fresh when it was looked at', async (t) => {
  t.is(await ready(snapshot()), 'pass');
});

test('nodes-ready waits for a Node that is not Ready, with the kubelet’s own reason', async (t) => {
  t.is(
    await ready(snapshot({ nodes: [node('n1'), node('n2', { ready: false, why: 'KubeletNotReady: CNI' })] })),
    'wait: Node n2 is not Ready: KubeletNotReady: CNI',
  );
});

test('nodes-ready waits for a lease that is old or missing, though the Node still says Ready', async (t) => {
  const with2 = (leaseRenewedAtMs: number) => snapshot({ nodes: [node('n1'), node('n2', { leaseRenewedAtMs })] });
  t.is(await ready(with2(TAKEN_AT_MS - 20_000)), 'pass');
  t.is(await ready(with2(TAKEN_AT_MS - 20_001)), 'wait: Node n2 has not renewed its lease for more than 20 s');
  t.is(await ready(with2(0)), 'wait: Node n2 has no lease');
});

test('nodes-ready waits for a lease of a clock that runs ahead no longer than for any other', async (t) => {
  t.is(await ready(snapshot({ nodes: [node('n1', { leaseRenewedAtMs: TAKEN_AT_MS + 9_000 }), node('n2')] })), 'pass');
});

test('nodes-ready does not pass for a Node that is gone, another object or has another podCIDR', async (t) => {
  t.is(await ready(snapshot({ nodes: [node('n1')] })), 'wait: Node n2 is gone');
  t.is(await ready(snapshot({ nodes: [node('n1'), node('n2', { uid: 'other' })] })), 'wait: Node n2 is another object: uid was uid-n2 and is other');
  t.is(
    await ready(snapshot({ nodes: [node('n1'), node('n2', { podCidr: '' })] })),
    'wait: Node n2 has another podCIDR: was 172.20.1.0/24 and is none',
  );
});

test('nodes-ready does not look at Nodes that came later', async (t) => {
  t.is(await ready(snapshot({ nodes: [...snapshot().nodes, node('n3', { ready: false, why: 'new' })] })), 'pass');
});

test('nodes-ready with renewedSinceOpened takes no lease from before it began to look', async (t) => {
  const params = { ...fresh, renewedSinceOpened: true };
  const renewed = (n1: number, n2: number) =>
    snapshot({ nodes: [node('n1', { leaseRenewedAtMs: TAKEN_AT_MS + n1 }), node('n2', { leaseRenewedAtMs: TAKEN_AT_MS + n2 })] });
  t.regex(
    await judged('nodes-ready', params, snapshot(), renewed(0, 0)),
    /^wait: Node n1 has not renewed .*; Node n2 has not renewed its lease since we began to look$/,
  );
  t.is(
    await judged('nodes-ready', params, snapshot(), renewed(0, 0), renewed(1, 0)),
    'wait: Node n2 has not renewed its lease since we began to look',
  );
  t.is(await judged('nodes-ready', params, snapshot(), renewed(0, 0), renewed(1, 1)), 'pass');
  t.is(await judged('nodes-ready', params, snapshot(), 'refused', renewed(0, 0), renewed(1, 1)), 'pass');
});

test('workloads-unchanged passes when every Pod is the same with as many restarts', async (t) => {
  t.is(await unchanged(snapshot()), 'pass');
});

test('workloads-unchanged fails for a Pod that was restarted, replaced or lost, and for a Node that is another', async (t) => {
  t.is(
    await unchanged(snapshot({ pods: [pod('web-1', { restarts: 1 }), ...snapshot().pods.slice(1)] })),
    'fail: Pod default/web-1 was restarted once',
  );
  t.is(
    await unchanged(snapshot({ pods: [pod('web-1', { uid: 'x' }), ...snapshot().pods.slice(1)] })),
    'fail: Pod default/web-1 was replaced by another of its name',
  );
  t.is(await unchanged(snapshot({ pods: [pod('web-9'), ...snapshot().pods.slice(1)] })), 'fail: Pod default/web-1 is gone');
  t.is(await unchanged(snapshot({ nodes: [node('n1', { uid: 'x' }), node('n2')] })), 'fail: Node n1 is another object: uid was uid-n1 and is x');
});

test('workloads-unchanged waits for a Pod that is merely not ready now, unless it was not ready before', async (t) => {
  const unready = snapshot({ pods: [pod('web-1', { ready: false }), ...snapshot().pods.slice(1)] });
  t.is(await unchanged(unready), 'wait: Pod default/web-1 is not ready');
  t.is(await unchanged(unready, unready), 'pass');
});

test('Pods of Jobs come and go without a word', async (t) => {
  const [web1, web2, proxy] = snapshot().pods;
  const others = [web1, web2, proxy].flatMap((one) => (one === undefined ? [] : [one]));
  t.is(await unchanged(snapshot({ pods: others })), 'pass');
  t.is(await unchanged(snapshot({ pods: [...others, pod('once', { owner: 'Job', uid: 'x', ready: false, restarts: 3 })] })), 'pass');
});

for (const gate of ['nodes-ready', 'workloads-unchanged']) {
  test(`${gate} waits while the cluster does not answer and while there is nothing to compare with`, async (t) => {
    t.is(await judged(gate, fresh, snapshot(), 'connection refused'), 'wait: the cluster does not answer: connection refused');
    t.is(await judged(gate, fresh, undefined, snapshot()), 'wait: no snapshot from before the rollout to compare with');
  });
}
