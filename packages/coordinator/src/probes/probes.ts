/**
 * What gates may ask of the world. Every answer is data, unreachable included; nothing here throws for an unhealthy cluster.
 */
import type { HostId } from '@reberth/protocol/ids.ts';
import type { Endpoint } from '@reberth/protocol/plan.ts';
import type { Heartbeat } from '@reberth/protocol/query.ts';
import type { ClusterSnapshot } from '../kubernetes/snapshot.ts';

export type Answer<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly why: string };

export interface Probes {
  /** Runs a probe of the agent's list on a host. The caller's gate validates `value`. */
  host(host: HostId, probe: string, params: Readonly<Record<string, unknown>>, signal: AbortSignal): Promise<Answer<unknown>>;
  heartbeat(host: HostId): { readonly heartbeat: Heartbeat; readonly heardAtMs: number } | undefined;
  /** Nodes, leases and pods, read through any master that answers. */
  cluster(signal: AbortSignal): Promise<Answer<ClusterSnapshot>>;
  /** The snapshot taken when the rollout began. */
  baseline(): ClusterSnapshot | undefined;
  /** Held connections to the endpoint that this host had seen broken when the stage under way began; `undefined`: it was not watching. */
  heldBrokenBefore(host: HostId, endpoint: Endpoint): number | undefined;
  /** An authenticated request from the coordinator's own host: GET path at address:port, certificate verified as `address`. */
  api(address: string, port: number, path: string, signal: AbortSignal): Promise<Answer<{ readonly status: number; readonly body: string }>>;
  nowMs(): number;
}
