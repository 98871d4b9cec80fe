/**
 * What a rollout must not do to workloads: every Node is still the same object with the same podCIDR, every Pod still the same Pod with
 * the same number of restarts. Differences are words for people. Pods that came later are nobody's loss, and Pods of Jobs come and go by
 * themselves. Pure.
 */
import type { ClusterSnapshot, NodeSeen, PodSeen } from '@reberth/protocol/cluster.ts';

/** Empty when nothing was replaced or restarted. Each is for good: waiting does not undo it. */
export function compareWorkloads(before: ClusterSnapshot, after: ClusterSnapshot): readonly string[] {
  const pods = byName(after.pods, podName);
  return [...compareNodes(before, after), ...before.pods.flatMap((pod) => podDifference(pod, pods.get(podName(pod))))];
}

/** Only what makes a Node another one; whether it is Ready is another question. */
export function compareNodes(before: ClusterSnapshot, after: ClusterSnapshot): readonly string[] {
  const nodes = byName(after.nodes, ({ name }) => name);
  return before.nodes.flatMap((node) => nodeDifference(node, nodes.get(node.name)));
}

/** Pods that were ready before and are there, unchanged and not ready now. */
export function podsNotReady(before: ClusterSnapshot, after: ClusterSnapshot): readonly string[] {
  const pods = byName(after.pods, podName);
  return before.pods.flatMap((pod) =>
    pod.ready && !isOfJob(pod) && pods.get(podName(pod))?.ready === false ? [`Pod ${podName(pod)} is not ready`] : [],
  );
}

function nodeDifference(before: NodeSeen, after: NodeSeen | undefined): readonly string[] {
  if (after === undefined) return [`Node ${before.name} is gone`];
  if (after.uid !== before.uid) return [`Node ${before.name} is another object: uid was ${before.uid} and is ${after.uid}`];
  if (after.podCidr !== before.podCidr)
    return [`Node ${before.name} has another podCIDR: was ${before.podCidr || 'none'} and is ${after.podCidr || 'none'}`];
  return [];
}

function podDifference(before: PodSeen, after: PodSeen | undefined): readonly string[] {
  if (isOfJob(before)) return [];
  if (after === undefined) return [`Pod ${podName(before)} is gone`];
  if (after.uid !== before.uid) return [`Pod ${podName(before)} was replaced by another of its name`];
  const more = after.restarts - before.restarts;
  return more > 0 ? [`Pod ${podName(before)} was restarted ${more === 1 ? 'once' : `${more} times`}`] : [];
}

const podName = ({ namespace, name }: PodSeen): string => `${namespace}/${name}`;

const isOfJob = ({ owner }: PodSeen): boolean => owner === 'Job';

const byName = <T>(items: readonly T[], name: (item: T) => string): ReadonlyMap<string, T> => new Map(items.map((item) => [name(item), item]));
