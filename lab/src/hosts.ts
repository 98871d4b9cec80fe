/** The hosts of a lab: five of the cluster, as in the kubeasz runbook, and a client outside it. The same addresses in every lab. */

export type Role = 'deploy' | 'etcd' | 'kube-master' | 'lb' | 'kube-node';

export interface HostPlan {
  readonly address: string;
  /** Last part of the address; names the machine, its network port and its cgroup. */
  readonly id: string;
  readonly hostname: string;
  readonly roles: readonly Role[];
}

export const PREFIX_LENGTH = 24;
/** Nobody answers there; kube-proxy wants a default route all the same. */
export const GATEWAY = '192.0.2.1';
export const VIP = '192.0.2.39';
export const VIP_PORT = 8443;
export const API_PORT = 6443;

export const DEPLOY = plan('192.0.2.41', ['deploy', 'etcd', 'kube-master', 'lb']);
export const CLIENT: HostPlan = { address: '192.0.2.100', id: '100', hostname: 'client', roles: [] };

export const CLUSTER_HOSTS: readonly HostPlan[] = [
  DEPLOY,
  plan('192.0.2.42', ['etcd', 'kube-master', 'lb']),
  plan('192.0.2.43', ['etcd', 'kube-node']),
  plan('192.0.2.44', ['kube-node']),
  plan('192.0.2.45', ['kube-node']),
];

export const HOSTS: readonly HostPlan[] = [...CLUSTER_HOSTS, CLIENT];

export const withRole = (role: Role): readonly HostPlan[] => CLUSTER_HOSTS.filter(({ roles }) => roles.includes(role));

/** `192.0.2.41`, `.41` or `client`. */
export function findHost(name: string): HostPlan {
  const found = HOSTS.find(({ address, id, hostname }) => [address, `.${id}`, hostname].includes(name));
  if (found === undefined)
    throw new Error(`cannot find host ${name}: the lab has ${HOSTS.map((host) => (host === CLIENT ? 'client' : `.${host.id}`)).join(', ')}`);
  return found;
}

function plan(address: string, roles: readonly Role[]): HostPlan {
  const id = address.split('.').at(-1) ?? '';
  return { address, id, hostname: `h${id}`, roles };
}
