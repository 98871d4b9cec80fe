/** Addresses, names and paths of a kubeasz v1.10 cluster, as far as more than one file needs them. */
import { API_PORT, VIP, VIP_PORT, withRole } from '../hosts.ts';

export const SSL = '/etc/kubernetes/ssl';
export const BIN = '/opt/kube/bin';
export const ADMIN_KUBECONFIG = '/root/.kube/config';

export const SERVICE_CIDR = '10.68.0.0/16';
export const SERVICE_IP = '10.68.0.1';
export const DNS_IP = '10.68.0.2';
export const POD_CIDR = '172.20.0.0/16';
export const NODE_PORT_RANGE = '20000-40000';
export const DOMAIN = 'cluster.local';

export const ROUTER_ID = 57;
export const API_URL = `https://${VIP}:${VIP_PORT}`;
export const LOCAL_API_URL = `https://127.0.0.1:${API_PORT}`;

export const ETCD_URLS = withRole('etcd').map(({ address }) => `https://${address}:2379`);
