/**
 * A cluster as the strategies see it: which hosts carry which parts, and where the control-plane address is written. Layouts make it from
 * facts; strategies read nothing else. Data only.
 */
import type { HostId } from '@reberth/protocol/ids.ts';
import type { Endpoint, PlanHost } from '@reberth/protocol/plan.ts';

export interface ClusterModel {
  readonly layout: string;
  readonly cluster: string;
  /** The endpoint that clients dial now. */
  readonly from: Endpoint;
  readonly hosts: readonly PlanHost[];
  readonly caFile: string;
  /** The one that holds the address last: the reload order when something is added or removed. */
  readonly loadBalancers: readonly LoadBalancer[];
  readonly masters: readonly Master[];
  /** Hosts whose clients are switched, with what to switch on each. */
  readonly clients: readonly ClientHost[];
  readonly etcd: readonly EtcdMember[];
  readonly inventory: InventorySource | undefined;
  readonly signingRequests: readonly { readonly host: HostId; readonly file: string }[];
  /** Files per host in which the old address is expected and dealt with, or accepted with a reason. */
  readonly knownPlaces: readonly { readonly host: HostId; readonly path: string; readonly accepted?: string }[];
}

export interface LoadBalancer {
  readonly host: HostId;
  readonly file: string;
  readonly unit: string;
  readonly networkInterface: string;
  /** The instance that serves the old address, and the one that serves the new, where they exist. */
  readonly oldInstance: VrrpInstance | undefined;
  readonly newInstance: VrrpInstance | undefined;
  /** Every address that keepalived serves here. */
  readonly addresses: readonly string[];
}

export interface VrrpInstance {
  readonly name: string;
  readonly virtualRouterId: number;
  readonly priority: number;
  readonly advertIntS: number;
}

export interface Master {
  readonly host: HostId;
  readonly address: string;
  readonly port: number;
  readonly certFile: string;
  readonly keyFile: string;
  /** What the served certificate covers now. */
  readonly covers: readonly string[];
  readonly unit: string;
  /** Kubernetes 1.17 and later read a replaced certificate by themselves; older ones are restarted. */
  readonly reloadsCertificate: boolean;
  readonly healthUrl: string;
}

export interface ClientHost {
  readonly host: HostId;
  readonly address: string;
  readonly isMaster: boolean;
  readonly isNode: boolean;
  readonly groups: readonly ClientGroup[];
}

/** Kubeconfigs that one process reads, and that process. */
export interface ClientGroup {
  readonly name: string;
  readonly files: readonly { readonly path: string; readonly server: string }[];
  readonly reader: { readonly unit: string; readonly health: { readonly url: string; readonly withinMs: number } } | undefined;
}

export interface EtcdMember {
  readonly host: HostId;
  readonly url: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface InventorySource {
  readonly host: HostId;
  readonly file: string;
  /** Variables that hold the address or the router id, with the section they stand in. */
  readonly variables: readonly {
    readonly section: string;
    readonly name: string;
    readonly value: string;
    readonly holds: 'address' | 'url' | 'router-id';
  }[];
}
