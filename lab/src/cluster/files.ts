/** Which file goes to which host, with what in it: the cluster as data, before anything runs. kubeasz's roles say who gets what. */
import type { Flavour } from '../flavour.ts';
import type { HostPlan } from '../hosts.ts';
import { type Pair, signingRequest, type Wanted } from './certificate.ts';
import { apiserverUnit, controllerManagerUnit, kubeconfigOf, schedulerUnit } from './control-plane.ts';
import { ETCD_SSL, etcdUnit } from './etcd.ts';
import { inventory } from './inventory.ts';
import { kubeconfig } from './kubeconfig.ts';
import { ADMIN_KUBECONFIG, API_URL, LOCAL_API_URL, SSL } from './layout.ts';
import { haproxyCfg, keepalivedConf } from './load-balancer.ts';
import { containerdConfig, KUBELET_CONFIG, kubeletConfig, kubeletUnit, kubeProxyUnit } from './node.ts';
import { ADMIN, AUTHORITY, CONTROLLER_MANAGER, etcdOf, KUBE_PROXY, kubernetesOf, type Pki, SCHEDULER } from './pki.ts';

export interface LaidFile {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
}

export interface Parts {
  readonly pki: Pki;
  readonly flavour: Flavour;
  readonly bootstrapToken: string;
}

const SECRET = 0o600;
const SIGNING_POLICY = {
  signing: {
    default: { expiry: '87600h' },
    profiles: { kubernetes: { usages: ['signing', 'key encipherment', 'server auth', 'client auth'], expiry: '87600h' } },
  },
};

export async function filesOf(host: HostPlan, parts: Parts): Promise<readonly LaidFile[]> {
  const { roles } = host;
  const isNode = roles.includes('kube-master') || roles.includes('kube-node');
  return [
    ...(roles.length > 0 ? await everywhere(parts) : []),
    ...(roles.includes('deploy') ? await deploy(parts) : []),
    ...(roles.includes('lb') ? [file('/etc/keepalived/keepalived.conf', keepalivedConf(host)), file('/etc/haproxy/haproxy.cfg', haproxyCfg())] : []),
    ...(roles.includes('etcd') ? await etcd(host, parts) : []),
    ...(roles.includes('kube-master') ? await master(host, parts) : []),
    ...(isNode ? node(host, parts) : []),
    ...(isNode || roles.includes('deploy') ? await joining(parts) : []),
  ];
}

/** kubeasz's role `prepare` copies the authority, key included, and the administrator's kubeconfig to every host. */
async function everywhere({ pki }: Parts): Promise<readonly LaidFile[]> {
  return [
    ...pair(`${SSL}/ca`, pki.authority),
    file(`${SSL}/ca-csr.json`, signingRequest(AUTHORITY)),
    file(`${SSL}/ca-config.json`, `${JSON.stringify(SIGNING_POLICY, undefined, 2)}\n`),
    file(
      ADMIN_KUBECONFIG,
      kubeconfig({
        server: API_URL,
        authority: pki.authority.certificate,
        context: 'kubernetes',
        user: 'admin',
        credential: await pki.pair('admin', ADMIN),
      }),
      SECRET,
    ),
  ];
}

async function deploy({ pki, bootstrapToken }: Parts): Promise<readonly LaidFile[]> {
  return [
    file('/etc/ansible/hosts', inventory(bootstrapToken)),
    ...requested(`${SSL}/admin`, ADMIN, await pki.pair('admin', ADMIN)),
    ...requested(`${SSL}/kube-proxy`, KUBE_PROXY, await pki.pair('kube-proxy', KUBE_PROXY)),
  ];
}

async function etcd(host: HostPlan, { pki }: Parts): Promise<readonly LaidFile[]> {
  const wanted = etcdOf(host);
  return [...requested(`${ETCD_SSL}/etcd`, wanted, await pki.pair(`etcd-${host.id}`, wanted)), unit('etcd', etcdUnit(host))];
}

async function master(host: HostPlan, { pki, bootstrapToken }: Parts): Promise<readonly LaidFile[]> {
  const wanted = kubernetesOf(host);
  const local = async (program: 'kube-controller-manager' | 'kube-scheduler', user: Wanted) => {
    const credential = await pki.pair(program, user);
    return file(
      kubeconfigOf(program),
      kubeconfig({ server: LOCAL_API_URL, authority: pki.authority.certificate, context: 'default', user: user.commonName, credential }),
      SECRET,
    );
  };
  return [
    ...requested(`${SSL}/kubernetes`, wanted, await pki.pair(`kubernetes-${host.id}`, wanted)),
    file(`${SSL}/token.csv`, `${bootstrapToken},kubelet-bootstrap,10001,"system:kubelet-bootstrap"\n`, SECRET),
    await local('kube-controller-manager', CONTROLLER_MANAGER),
    await local('kube-scheduler', SCHEDULER),
    unit('kube-apiserver', apiserverUnit(host)),
    unit('kube-controller-manager', controllerManagerUnit()),
    unit('kube-scheduler', schedulerUnit()),
  ];
}

function node(host: HostPlan, { flavour }: Parts): readonly LaidFile[] {
  return [
    file('/etc/containerd/config.toml', containerdConfig()),
    file(KUBELET_CONFIG, kubeletConfig(host, flavour)),
    unit('kubelet', kubeletUnit(host, flavour)),
    unit('kube-proxy', kubeProxyUnit(host)),
  ];
}

/** What a node joins with, and the deploy host's copies of it. */
async function joining({ pki, bootstrapToken }: Parts): Promise<readonly LaidFile[]> {
  const common = { server: API_URL, authority: pki.authority.certificate, context: 'default' };
  const proxy = { user: 'kube-proxy', credential: await pki.pair('kube-proxy', KUBE_PROXY) };
  return [
    file('/etc/kubernetes/bootstrap.kubeconfig', kubeconfig({ ...common, user: 'kubelet-bootstrap', credential: { token: bootstrapToken } }), SECRET),
    file('/etc/kubernetes/kube-proxy.kubeconfig', kubeconfig({ ...common, ...proxy }), SECRET),
  ];
}

const file = (path: string, content: string, mode = 0o644): LaidFile => ({ path, content, mode });
const unit = (name: string, content: string): LaidFile => file(`/etc/systemd/system/${name}.service`, content);
const pair = (path: string, { certificate, key }: Pair): readonly LaidFile[] => [
  file(`${path}.pem`, certificate),
  file(`${path}-key.pem`, key, SECRET),
];
const requested = (path: string, wanted: Wanted, made: Pair): readonly LaidFile[] => [
  ...pair(path, made),
  file(`${path}-csr.json`, signingRequest(wanted)),
];
