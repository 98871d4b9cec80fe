/** Small cluster snapshots for tests: two Nodes, a Deployment's Pod, a DaemonSet's, a Job's. */
import type { ClusterSnapshot, NodeSeen, PodSeen } from '@reberth/protocol/cluster.ts';

export const TAKEN_AT_MS = 1_000_000;

export const node = (name: string, change: Partial<NodeSeen> = {}): NodeSeen => ({
  name,
  uid: `uid-${name}`,
  podCidr: '172.20.1.0/24',
  ready: true,
  why: '',
  leaseRenewedAtMs: TAKEN_AT_MS - 3_000,
  unschedulable: false,
  ...change,
});

export const pod = (name: string, change: Partial<PodSeen> = {}): PodSeen => ({
  namespace: 'default',
  name,
  uid: `uid-${name}`,
  node: 'n1',
  ready: true,
  restarts: 0,
  owner: 'ReplicaSet',
  ...change,
});

export const snapshot = (change: Partial<ClusterSnapshot> = {}): ClusterSnapshot => ({
  takenAtMs: TAKEN_AT_MS,
  nodes: [node('n1'), node('n2')],
  pods: [pod('web-1'), pod('web-2', { node: 'n2' }), pod('proxy-x', { owner: 'DaemonSet' }), pod('once', { owner: 'Job' })],
  ...change,
});
