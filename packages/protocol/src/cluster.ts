/**
 * What the cluster's own API says of nodes and pods at one moment: enough to tell later whether anything was replaced or restarted.
 */

export interface NodeSeen {
  readonly name: string;
  readonly uid: string;
  readonly podCidr: string;
  readonly ready: boolean;
  /** Why it is not ready; empty when it is. */
  readonly why: string;
  /** 0: no lease. By the clock of the host that renewed it. */
  readonly leaseRenewedAtMs: number;
  readonly unschedulable: boolean;
}

export interface PodSeen {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  readonly node: string;
  readonly ready: boolean;
  readonly restarts: number;
  /** Kind of what made it, e.g. `ReplicaSet`, `Job`; empty when nothing did. */
  readonly owner: string;
}

export interface ClusterSnapshot {
  readonly takenAtMs: number;
  readonly nodes: readonly NodeSeen[];
  readonly pods: readonly PodSeen[];
}
