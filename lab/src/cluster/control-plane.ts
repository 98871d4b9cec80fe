/**
 * The three programs of a master. Unlike kubeasz 1.10 there is no insecure port (no release of these years has one): the controller manager
 * and the scheduler dial their own master over TLS.
 */
import { API_PORT, type HostPlan } from '../hosts.ts';
import { BIN, ETCD_URLS, NODE_PORT_RANGE, POD_CIDR, SERVICE_CIDR, SSL } from './layout.ts';
import { unitFile } from './unit.ts';

export const CONTROL_PLANE_UNITS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

export const kubeconfigOf = (unit: 'kube-controller-manager' | 'kube-scheduler'): string => `/etc/kubernetes/${unit}.kubeconfig`;

export const apiserverUnit = ({ address }: HostPlan): string =>
  unitFile({
    description: 'Kubernetes API Server',
    after: ['etcd.service'],
    type: 'notify',
    program: `${BIN}/kube-apiserver`,
    flags: [
      ...['--bind-address=0.0.0.0', `--secure-port=${API_PORT}`, `--advertise-address=${address}`],
      ...['--authorization-mode=Node,RBAC', '--enable-admission-plugins=NodeRestriction'],
      ...[`--token-auth-file=${SSL}/token.csv`, '--enable-bootstrap-token-auth=true', `--client-ca-file=${SSL}/ca.pem`],
      ...[`--tls-cert-file=${SSL}/kubernetes.pem`, `--tls-private-key-file=${SSL}/kubernetes-key.pem`],
      ...[`--service-account-key-file=${SSL}/ca-key.pem`, `--service-account-signing-key-file=${SSL}/ca-key.pem`],
      '--service-account-issuer=https://kubernetes.default.svc',
      ...[`--kubelet-client-certificate=${SSL}/kubernetes.pem`, `--kubelet-client-key=${SSL}/kubernetes-key.pem`],
      ...[`--etcd-servers=${ETCD_URLS.join(',')}`, `--etcd-cafile=${SSL}/ca.pem`],
      ...[`--etcd-certfile=${SSL}/kubernetes.pem`, `--etcd-keyfile=${SSL}/kubernetes-key.pem`],
      ...[`--service-cluster-ip-range=${SERVICE_CIDR}`, `--service-node-port-range=${NODE_PORT_RANGE}`],
      ...['--endpoint-reconciler-type=lease', '--allow-privileged=true', '--profiling=false', '--v=1'],
    ],
    // Slow on a machine that compiles something beside.
    lines: ['TimeoutStartSec=300'],
  });

export const controllerManagerUnit = (): string =>
  unitFile({
    description: 'Kubernetes Controller Manager',
    program: `${BIN}/kube-controller-manager`,
    flags: [
      ...['--bind-address=127.0.0.1', `--kubeconfig=${kubeconfigOf('kube-controller-manager')}`, '--use-service-account-credentials=true'],
      ...['--allocate-node-cidrs=true', `--service-cluster-ip-range=${SERVICE_CIDR}`, `--cluster-cidr=${POD_CIDR}`, '--cluster-name=kubernetes'],
      ...[`--cluster-signing-cert-file=${SSL}/ca.pem`, `--cluster-signing-key-file=${SSL}/ca-key.pem`, '--cluster-signing-duration=87600h'],
      ...[`--service-account-private-key-file=${SSL}/ca-key.pem`, `--root-ca-file=${SSL}/ca.pem`],
      ...['--leader-elect=true', '--v=1'],
    ],
  });

export const schedulerUnit = (): string =>
  unitFile({
    description: 'Kubernetes Scheduler',
    program: `${BIN}/kube-scheduler`,
    flags: ['--bind-address=127.0.0.1', `--kubeconfig=${kubeconfigOf('kube-scheduler')}`, '--leader-elect=true', '--v=1'],
  });
