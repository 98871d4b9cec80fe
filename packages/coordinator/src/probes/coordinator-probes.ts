/**
 * What gates ask of the real world: hosts over the wire, the API over the masters, heartbeats from memory. Every question has a
 * limit, and every surprise becomes an answer with a reason. The baseline belongs to a rollout and is added by whoever runs it.
 */
import { messageOf } from '@reberth/protocol/errors.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import type { Heartbeat, Query, QueryAnswer } from '@reberth/protocol/query.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import { takeSnapshot } from '../kubernetes/snapshot.ts';
import type { Probes } from './probes.ts';

export interface ProbeParts {
  readonly wire: { query(host: HostId, query: Query, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<QueryAnswer> };
  /** The latest of each host, kept by whoever hears them. */
  readonly heartbeats: ReadonlyMap<HostId, { readonly heartbeat: Heartbeat; readonly heardAtMs: number }>;
  readonly kubernetes: KubernetesClient;
  readonly nowMs: () => number;
}

/** An agent that asks the segment by ARP may need 9 s to be sure. */
const HOST_TIMEOUT_MS = 12_000;
/** A loaded API server answers /readyz within a second or two; one that hangs is not ready. */
const API_TIMEOUT_MS = 5_000;

export function coordinatorProbes({ wire, heartbeats, kubernetes, nowMs }: ProbeParts): Omit<Probes, 'baseline' | 'heldBrokenBefore'> {
  return {
    async host(host, probe, params, signal) {
      try {
        return await wire.query(host, { kind: 'probe', probe, params }, { timeoutMs: HOST_TIMEOUT_MS, signal });
      } catch (error) {
        return { ok: false, why: messageOf(error) };
      }
    },
    heartbeat: (host) => heartbeats.get(host),
    cluster: (signal) => takeSnapshot(kubernetes, signal, nowMs),
    api: (address, port, path, signal) => kubernetes.get(path, { via: { address, port }, timeoutMs: API_TIMEOUT_MS, signal }),
    nowMs,
  };
}
