/**
 * One report of how everything is, from what was heard, measured and read. A host, a Node or a cluster that does not answer is a problem; a
 * rollout that waits for somebody is a warning. Counts of the past are shown and change no level. Pure.
 */
import type { ClusterSnapshot } from '@reberth/protocol/cluster.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import { endpointText } from '@reberth/protocol/plan.ts';
import type { Observation } from '@reberth/protocol/query.ts';
import type { HealthReport, Status } from '../api/service.ts';
import type { Answer } from '../probes/probes.ts';
import { type Heartbeats, hostComplaints, hostRows } from './host-rows.ts';

export interface HealthInputs {
  readonly nowMs: number;
  readonly rollout: Status;
  readonly hosts: readonly HostId[];
  readonly heartbeats: Heartbeats;
  /** What the coordinator measured itself; the agents' counts come with their heartbeats. */
  readonly observations: readonly Observation[];
  readonly cluster: Answer<ClusterSnapshot>;
}

export function healthReport({ nowMs, rollout, hosts, heartbeats, observations, cluster }: HealthInputs): HealthReport {
  const rows = hostRows(hosts, heartbeats, nowMs);
  const nodes = cluster.ok ? cluster.value.nodes.map(({ name, ready, why }) => ({ name, ready, why })) : [];
  const problems = [
    ...rows.flatMap(hostComplaints),
    ...(cluster.ok ? [] : [`the cluster does not answer: ${cluster.why}`]),
    ...nodes.flatMap(({ name, ready, why }) => (ready ? [] : [`Node ${name} is not Ready: ${why}`])),
  ];
  const needsSomebody = rollout.state === 'held' || rollout.state === 'failed';
  return {
    atMs: nowMs,
    level: problems.length > 0 ? 'problem' : needsSomebody ? 'warning' : 'ok',
    rollout,
    hosts: rows,
    endpoints: [
      ...endpoints('coordinator', observations),
      ...hosts.flatMap((host) => endpoints(host, heartbeats.get(host)?.heartbeat.observations ?? [])),
    ],
    nodes,
    problems: needsSomebody ? [...problems, rollout.text] : problems,
  };
}

const endpoints = (observer: string, observations: readonly Observation[]): HealthReport['endpoints'] =>
  observations.map((seen) => ({
    endpoint: endpointText(seen),
    observer,
    probes: seen.probes,
    failed: seen.failed,
    longestGapMs: seen.longestGapMs,
  }));
