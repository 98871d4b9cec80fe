/** What is created in the cluster: who may join, who may ask kubelets, and a workload that answers HTTP. As JSON, which kubectl takes as well. */
import { WEB_IMAGE } from './images.ts';

export const WEB_REPLICAS = 6;
export const WEB_NODE_PORT = 30_080;

const list = (items: readonly object[]): string => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });

const binding = (name: string, role: string, subject: { readonly kind: 'User' | 'Group'; readonly name: string }) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
  subjects: [{ apiGroup: 'rbac.authorization.k8s.io', ...subject }],
});

/** kubeasz approves the nodes' requests by hand; here the controller manager may. */
export const accessObjects = (): string =>
  list([
    binding('kubelet-bootstrap', 'system:node-bootstrapper', { kind: 'User', name: 'kubelet-bootstrap' }),
    binding('kubelet-bootstrap-approve', 'system:certificates.k8s.io:certificatesigningrequests:nodeclient', {
      kind: 'User',
      name: 'kubelet-bootstrap',
    }),
    binding('kubelet-renew-approve', 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient', { kind: 'Group', name: 'system:nodes' }),
    binding('kubernetes-kubelet', 'system:kubelet-api-admin', { kind: 'User', name: 'kubernetes' }),
  ]);

export const workloadObjects = (): string => {
  const labels = { app: 'web' };
  return list([
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default', labels },
      spec: {
        replicas: WEB_REPLICAS,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 1,
            topologySpreadConstraints: [
              { maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: labels } },
            ],
            containers: [
              {
                name: 'web',
                image: WEB_IMAGE,
                imagePullPolicy: 'Never',
                ports: [{ name: 'http', containerPort: 8080 }],
                readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 5 },
              },
            ],
          },
        },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default', labels },
      spec: { type: 'NodePort', selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http', nodePort: WEB_NODE_PORT }] },
    },
  ]);
};
