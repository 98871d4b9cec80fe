/**
 * Facts of the five-host kubeasz 1.10 cluster of the runbook, as its agents would tell them: 192.0.2.41 deploys, is master, etcd member and
 * load balancer; .42 is master, etcd member and load balancer; .43 is etcd member and node; .44 and .45 are nodes. Tests change one thing
 * and see what becomes of it.
 */
import type { Facts } from '@reberth/protocol/facts.ts';
import { hostId } from '@reberth/protocol/ids.ts';

export const OLD = '192.0.2.39';
export const NEW = '192.0.2.40';
export const HOSTS = ['192.0.2.41', '192.0.2.42', '192.0.2.43', '192.0.2.44', '192.0.2.45'].map(hostId);
const [DEPLOY = '', SECOND = ''] = HOSTS;
const ETCD = HOSTS.slice(0, 3);
export const MASTERS = HOSTS.slice(0, 2);
export const NODES = HOSTS.slice(2);
export const COLLECTED_AT_MS = Date.UTC(2026, 10, 23, 9, 30, 0);

type Instance = NonNullable<Facts['keepalived']>['instances'][number];

export interface FleetOptions {
  /** What every client dials and the inventory declares. */
  readonly dialled?: string;
  /** What keepalived serves: one instance per address. */
  readonly served?: readonly string[];
  /** The load balancer that carries the served addresses. */
  readonly holder?: string;
  readonly kubernetes?: string;
}

export function fleet({ dialled = OLD, served = [dialled], holder = DEPLOY, kubernetes = '1.35.4' }: FleetOptions = {}): readonly Facts[] {
  return HOSTS.map((host): Facts => {
    const isMaster = MASTERS.includes(host);
    const isBalancer = isMaster;
    return {
      host,
      collectedAtMs: COLLECTED_AT_MS,
      identity: { hostname: `host-${host.slice(-2)}`, machineId: host, bootId: `boot-${host}`, os: 'Debian GNU/Linux 12', agentVersion: '0.1.0' },
      addresses: [host, ...(host === holder ? served : [])].map((address) => ({ networkInterface: 'eth0', address })),
      units: [
        ...(isMaster ? ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] : []),
        ...(isBalancer ? ['keepalived', 'haproxy'] : []),
        ...(ETCD.includes(host) ? ['etcd'] : []),
        ...['kubelet', 'kube-proxy', 'containerd'],
      ].map((name) => ({ name: `${name}.service`, active: 'active', sub: 'running' })),
      ...(isBalancer ? { keepalived: keepalived(host, served) } : {}),
      kubeconfigs: kubeconfigs(isMaster, `https://${dialled}:8443`),
      certificates: isMaster ? [certificate(host, dialled)] : [],
      signingRequests: isMaster ? [{ path: '/etc/kubernetes/ssl/kubernetes-csr.json', cn: 'kubernetes', hosts: ['127.0.0.1', dialled, host] }] : [],
      ...(host === DEPLOY ? { inventory: inventory(dialled) } : {}),
      versions: { kubelet: kubernetes, ...(isMaster ? { 'kube-apiserver': kubernetes } : {}) },
      places: [],
      problems: [],
    };
  });
}

/** The same fleet with one host's facts changed. */
export const withHost = (facts: readonly Facts[], host: string, change: (facts: Facts) => Partial<Facts>): readonly Facts[] =>
  facts.map((one) => (one.host === host ? { ...one, ...change(one) } : one));

const keepalived = (host: string, served: readonly string[]): NonNullable<Facts['keepalived']> => ({
  file: '/etc/keepalived/keepalived.conf',
  version: '2.2.7',
  includes: [],
  instances: served.map(
    (address, index): Instance => ({
      name: index === 0 ? 'VI-kube-master' : `VI-kube-master-r${60 + index}`,
      line: 10 + 20 * index,
      state: host === DEPLOY ? 'MASTER' : 'BACKUP',
      networkInterface: 'eth0',
      virtualRouterId: index === 0 ? 57 : 60 + index,
      priority: host === DEPLOY ? 120 : 110,
      advertIntS: 1,
      addresses: [{ address, line: 18 + 20 * index }],
      excluded: [],
      unicastPeers: [],
    }),
  ),
});

function kubeconfigs(isMaster: boolean, server: string): Facts['kubeconfigs'] {
  const one = (path: string, at = server) => ({
    path,
    currentContext: 'default',
    cluster: 'kubernetes',
    server: at,
    user: 'somebody',
    userKind: 'certificate',
  });
  return [
    one('/etc/kubernetes/bootstrap.kubeconfig'),
    one('/etc/kubernetes/kube-proxy.kubeconfig'),
    one('/etc/kubernetes/kubelet.kubeconfig'),
    ...(isMaster
      ? ['kube-controller-manager', 'kube-scheduler'].map((name) => one(`/etc/kubernetes/${name}.kubeconfig`, 'https://127.0.0.1:6443'))
      : []),
    one('/root/.kube/config'),
  ];
}

const certificate = (host: string, dialled: string): Facts['certificates'][number] => ({
  path: '/etc/kubernetes/ssl/kubernetes.pem',
  subject: 'CN=kubernetes,O=k8s',
  issuer: 'CN=kubernetes,O=k8s',
  addresses: ['127.0.0.1', dialled, host, '10.68.0.1'],
  names: ['kubernetes', 'kubernetes.default.svc'],
  notBefore: '2026-01-01T00:00:00.000Z',
  notAfter: '2036-01-01T00:00:00.000Z',
  algorithm: 'rsa-2048',
  fingerprint256: 'AA:BB',
  isCa: false,
  keyFile: '/etc/kubernetes/ssl/kubernetes-key.pem',
});

function inventory(dialled: string): NonNullable<Facts['inventory']> {
  const group = (name: string, hosts: readonly string[], vars: Record<string, string> = {}) => ({
    name,
    hosts: hosts.map((host) => ({ name: host, vars: {} })),
    vars,
  });
  return {
    path: '/etc/ansible/hosts',
    groups: [
      group('deploy', [DEPLOY]),
      group('etcd', ETCD),
      group('kube-master', MASTERS),
      group('lb', [DEPLOY, SECOND], { ROUTER_ID: '57' }),
      group('kube-node', NODES),
      group('all', [], { MASTER_IP: dialled, KUBE_APISERVER: `https://${dialled}:8443` }),
    ],
  };
}
