/** What a node runs, masters included: containerd, a kubelet that joins by TLS bootstrap through the virtual address, and kube-proxy. */

import type { Flavour } from '../flavour.ts';
import type { HostPlan } from '../hosts.ts';
import { PAUSE_IMAGE } from './images.ts';
import { BIN, DNS_IP, DOMAIN, POD_CIDR, SSL } from './layout.ts';
import { unitFile } from './unit.ts';

const CONTAINERD_SOCKET = 'unix:///run/containerd/containerd.sock';
export const KUBELET_CONFIG = '/etc/kubernetes/kubelet-config.yaml';

/** `restrict_oom_score_adj`: where this machine's root may not lower the score, runc would die of trying. */
export const containerdConfig = (): string => `version = 2
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${PAUSE_IMAGE}"
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      SystemdCgroup = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "/etc/cni/net.d"
`;

export const kubeletConfig = ({ address }: HostPlan, flavour: Flavour): string => `apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: ${address}
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: ${SSL}/ca.pem}
authorization: {mode: Webhook}
cgroupDriver: systemd
clusterDNS: [${DNS_IP}]
clusterDomain: ${DOMAIN}.
evictionHard: {memory.available: 50Mi, nodefs.available: 1%, imagefs.available: 1%, nodefs.inodesFree: 1%}
failSwapOn: false
${flavour === '1.20' ? '' : `failCgroupV1: false\ncontainerRuntimeEndpoint: ${CONTAINERD_SOCKET}\n`}healthzBindAddress: 127.0.0.1
imageGCHighThresholdPercent: 100
oomScoreAdj: 0
resolvConf: ""
rotateCertificates: true
`;

export const kubeletUnit = ({ address }: HostPlan, flavour: Flavour): string =>
  unitFile({
    description: 'Kubernetes Kubelet',
    after: ['containerd.service'],
    workingFolder: '/var/lib/kubelet',
    program: `${BIN}/kubelet`,
    flags: [
      ...[`--hostname-override=${address}`, `--node-ip=${address}`],
      ...['--bootstrap-kubeconfig=/etc/kubernetes/bootstrap.kubeconfig', '--kubeconfig=/etc/kubernetes/kubelet.kubeconfig'],
      ...[`--cert-dir=${SSL}`, `--config=${KUBELET_CONFIG}`],
      ...(flavour === '1.20'
        ? [
            '--container-runtime=remote',
            `--container-runtime-endpoint=${CONTAINERD_SOCKET}`,
            '--cni-conf-dir=/etc/cni/net.d',
            '--cni-bin-dir=/usr/lib/cni',
          ]
        : []),
      '--v=1',
    ],
  });

/** Sizes of the connection table belong to the machine and cannot be set from a host. */
export const kubeProxyUnit = ({ address }: HostPlan): string =>
  unitFile({
    description: 'Kubernetes Kube-Proxy Server',
    program: `${BIN}/kube-proxy`,
    flags: [
      ...[`--bind-address=${address}`, `--hostname-override=${address}`, '--kubeconfig=/etc/kubernetes/kube-proxy.kubeconfig'],
      ...['--proxy-mode=iptables', `--cluster-cidr=${POD_CIDR}`, '--healthz-bind-address=0.0.0.0:10256', '--oom-score-adj=0'],
      ...[
        '--conntrack-max-per-core=0',
        '--conntrack-min=0',
        '--conntrack-tcp-timeout-established=0s',
        '--conntrack-tcp-timeout-close-wait=0s',
        '--v=1',
      ],
    ],
  });

/** One bridge per node, pods' addresses out of the node's own block. */
export const podNetwork = (podCidr: string): string =>
  `${JSON.stringify(
    {
      cniVersion: '0.4.0',
      name: 'pods',
      plugins: [
        {
          type: 'bridge',
          bridge: 'cni0',
          isGateway: true,
          ipMasq: false,
          hairpinMode: true,
          ipam: { type: 'host-local', ranges: [[{ subnet: podCidr }]], routes: [{ dst: '0.0.0.0/0' }] },
        },
        { type: 'portmap', capabilities: { portMappings: true } },
      ],
    },
    undefined,
    2,
  )}\n`;
