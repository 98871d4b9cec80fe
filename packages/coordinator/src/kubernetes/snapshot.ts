/**
 * Nodes, leases and Pods of the cluster at one moment, reduced to what gates compare. Parsing is pure and asks only for the fields used;
 * an answer of another shape or status is an answer with a reason. A Pod that has done its work counts as ready; a cluster without leases
 * (before 1.14) counts the heartbeat of the Ready condition as one.
 */
import type { ClusterSnapshot, NodeSeen, PodSeen } from '@reberth/protocol/cluster.ts';
import { messageOf } from '@reberth/protocol/errors.ts';
import * as v from 'valibot';
import type { Answer } from '../probes/probes.ts';
import type { KubernetesClient } from './client.ts';

export type { ClusterSnapshot, NodeSeen, PodSeen };

const Meta = v.object({ name: v.string(), uid: v.optional(v.string(), ''), namespace: v.optional(v.string(), '') });
const Condition = v.object({
  type: v.string(),
  status: v.string(),
  reason: v.optional(v.string(), ''),
  message: v.optional(v.string(), ''),
  lastHeartbeatTime: v.nullish(v.string(), ''),
});
const Conditions = v.optional(v.array(Condition), []);
const listOf = <T>(item: v.GenericSchema<unknown, T>) => v.object({ items: v.nullish(v.array(item), []) });

const Nodes = listOf(
  v.object({
    metadata: Meta,
    spec: v.optional(v.object({ podCIDR: v.optional(v.string(), ''), unschedulable: v.optional(v.boolean(), false) }), {}),
    status: v.optional(v.object({ conditions: Conditions }), {}),
  }),
);
type NodeItem = v.InferOutput<typeof Nodes>['items'][number];

const Leases = listOf(v.object({ metadata: Meta, spec: v.optional(v.object({ renewTime: v.nullish(v.string(), '') }), {}) }));

const Containers = v.nullish(v.array(v.object({ restartCount: v.number() })), []);
const Pods = listOf(
  v.object({
    metadata: v.object({
      ...Meta.entries,
      ownerReferences: v.nullish(v.array(v.object({ kind: v.string(), controller: v.optional(v.boolean(), false) })), []),
    }),
    spec: v.optional(v.object({ nodeName: v.optional(v.string(), '') }), {}),
    status: v.optional(
      v.object({ phase: v.optional(v.string(), ''), conditions: Conditions, containerStatuses: Containers, initContainerStatuses: Containers }),
      {},
    ),
  }),
);
type PodItem = v.InferOutput<typeof Pods>['items'][number];

/** Pure. Throws when a list is not of the shape; `leasesJson` undefined: this cluster has no leases. */
export function snapshotOf(nodesJson: unknown, leasesJson: unknown, podsJson: unknown, nowMs: number): ClusterSnapshot {
  const leases =
    leasesJson === undefined
      ? undefined
      : new Map(list(Leases, leasesJson, 'leases').map(({ metadata, spec }) => [metadata.name, time(spec.renewTime)]));
  return {
    takenAtMs: nowMs,
    nodes: list(Nodes, nodesJson, 'nodes').map((node) => nodeSeen(node, leases)),
    pods: list(Pods, podsJson, 'pods').map(podSeen),
  };
}

const REQUEST_TIMEOUT_MS = 5_000;

export async function takeSnapshot(client: KubernetesClient, signal: AbortSignal, nowMs: () => number = Date.now): Promise<Answer<ClusterSnapshot>> {
  const ask = (path: string) => client.get(path, { timeoutMs: REQUEST_TIMEOUT_MS, signal });
  const [nodes, leases, pods] = await Promise.all([
    ask('/api/v1/nodes'),
    ask('/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'),
    ask('/api/v1/pods'),
  ]);
  const parts = { nodes: json('nodes', nodes), leases: json('leases', leases), pods: json('pods', pods) };
  if (!parts.nodes.ok) return parts.nodes;
  if (!parts.pods.ok) return parts.pods;
  const noLeases = leases.ok && leases.value.status === 404;
  if (!parts.leases.ok && !noLeases) return parts.leases;
  try {
    return { ok: true, value: snapshotOf(parts.nodes.value, parts.leases.ok ? parts.leases.value : undefined, parts.pods.value, nowMs()) };
  } catch (error) {
    return { ok: false, why: messageOf(error) };
  }
}

function json(what: string, answer: Answer<{ readonly status: number; readonly body: string }>): Answer<unknown> {
  if (!answer.ok) return { ok: false, why: `cannot list ${what}: ${answer.why}` };
  if (answer.value.status !== 200) return { ok: false, why: `cannot list ${what}: the API server answers ${answer.value.status}` };
  try {
    return { ok: true, value: JSON.parse(answer.value.body) };
  } catch {
    return { ok: false, why: `cannot list ${what}: the answer is not JSON` };
  }
}

function list<T>(schema: v.GenericSchema<unknown, { readonly items: readonly T[] }>, raw: unknown, what: string): readonly T[] {
  const parsed = v.safeParse(schema, raw);
  if (parsed.success) return parsed.output.items;
  const [issue] = parsed.issues;
  throw new Error(`cannot read the list of ${what}: ${v.getDotPath(issue) ?? 'document'}: ${issue.message}`);
}

function nodeSeen({ metadata, spec, status }: NodeItem, leases: ReadonlyMap<string, number> | undefined): NodeSeen {
  const condition = status.conditions.find(({ type }) => type === 'Ready');
  const ready = condition?.status === 'True';
  return {
    name: metadata.name,
    uid: metadata.uid,
    podCidr: spec.podCIDR,
    ready,
    why: ready
      ? ''
      : condition === undefined
        ? 'it has no Ready condition'
        : [condition.reason || `Ready is ${condition.status}`, condition.message].filter((text) => text !== '').join(': '),
    leaseRenewedAtMs: leases === undefined ? time(condition?.lastHeartbeatTime) : (leases.get(metadata.name) ?? 0),
    unschedulable: spec.unschedulable,
  };
}

function podSeen({ metadata, spec, status }: PodItem): PodSeen {
  const owner = metadata.ownerReferences.find(({ controller }) => controller);
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    uid: metadata.uid,
    node: spec.nodeName,
    ready: status.phase === 'Succeeded' || status.conditions.some(({ type, status }) => type === 'Ready' && status === 'True'),
    restarts: [...status.containerStatuses, ...status.initContainerStatuses].reduce((sum, { restartCount }) => sum + restartCount, 0),
    owner: owner?.kind ?? '',
  };
}

/** `2026-11-23T09:30:12.000000Z`; 0 when there is none. */
function time(text: string | null | undefined): number {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? 0 : ms;
}
