/**
 * Every Node of the baseline is there, is the same object with the same podCIDR, is Ready, and its kubelet has renewed its lease lately.
 * A renewed lease is the only proof that a kubelet reaches the API: its own health page does not say so, and Ready lags by 40 s.
 */
import type { NodeSeen } from '@reberth/protocol/cluster.ts';
import * as v from 'valibot';
import { compareNodes } from '../kubernetes/workloads.ts';
import { defineGate, pass, wait } from './gate.ts';

export const nodesReady = defineGate({
  name: 'nodes-ready',
  params: v.object({
    leaseFreshMs: v.number(),
    /** Every lease must have been renewed since this gate began to look: nothing from before the change counts. */
    renewedSinceOpened: v.optional(v.boolean(), false),
  }),
  title: (p) => `every Node is Ready, the same object, with a ${p.renewedSinceOpened ? 'newly renewed' : 'fresh'} lease`,
  probe: async (probes, _p, signal) => ({ baseline: probes.baseline(), now: await probes.cluster(signal) }),
  judge(history, p) {
    const sample = history.at(-1)?.sample;
    if (sample === undefined) return wait('not asked yet');
    const { baseline, now } = sample;
    if (!now.ok) return wait(`the cluster does not answer: ${now.why}`);
    if (baseline === undefined) return wait('no snapshot from before the rollout to compare with');
    const first = history.find(({ sample }) => sample.now.ok)?.sample.now;
    const { nodes, takenAtMs } = now.value;
    const unwell = nodes.flatMap((node) => {
      if (!baseline.nodes.some(({ name }) => name === node.name)) return [];
      if (!node.ready) return [`Node ${node.name} is not Ready: ${node.why}`];
      // Against the moment of the sample and not of the judging: a slow judge makes no lease old.
      const ageMs = takenAtMs - node.leaseRenewedAtMs;
      if (node.leaseRenewedAtMs === 0) return [`Node ${node.name} has no lease`];
      if (ageMs > p.leaseFreshMs) return [`Node ${node.name} has not renewed its lease for more than ${Math.round(p.leaseFreshMs / 1000)} s`];
      const before = first?.ok ? first.value.nodes : [];
      return p.renewedSinceOpened && !isRenewed(before, node) ? [`Node ${node.name} has not renewed its lease since we began to look`] : [];
    });
    const why = [...compareNodes(baseline, now.value), ...unwell];
    return why.length === 0 ? pass() : wait(why.join('; '));
  },
});

/** Two times of one clock, the host's own. */
const isRenewed = (before: readonly NodeSeen[], { name, leaseRenewedAtMs }: NodeSeen): boolean =>
  leaseRenewedAtMs > (before.find((node) => node.name === name)?.leaseRenewedAtMs ?? 0);
