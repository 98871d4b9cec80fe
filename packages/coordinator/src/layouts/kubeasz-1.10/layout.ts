/**
 * kubeasz as of v1.10 with bootstrap: an Ansible inventory on the deploy host, keepalived and haproxy in front, every kubelet and
 * kube-proxy dialling the virtual address through kubeconfigs under /etc/kubernetes. Facts: kubeasz 1.10 roles deploy, prepare, lb,
 * kube-master and kube-node.
 */
import type { Fleet, Layout, Modelled, Recognition } from '../layout.ts';
import { findInventory, hostsOfGroup } from './inventory.ts';
import { modelOf } from './model.ts';

export const kubeasz110: Layout = {
  name: 'kubeasz-1.10',
  title: 'kubeasz 1.10 (multi-master, TLS bootstrap)',
  recognise,
  model: (fleet, cluster, to): Modelled => modelOf(fleet, cluster, to),
};

function recognise(fleet: Fleet): Recognition {
  const found = findInventory(fleet);
  const evidence: string[] = [];
  const missing: string[] = [];
  const want = (there: boolean, what: string) => (there ? evidence : missing).push(there ? what : `no ${what}`);
  want(found !== undefined, 'inventory with MASTER_IP and KUBE_APISERVER in [all:vars]');
  if (found !== undefined) {
    for (const group of ['deploy', 'etcd', 'kube-master', 'lb', 'kube-node'])
      want(hostsOfGroup(found.inventory, group).length > 0, `group [${group}] in ${found.inventory.path}`);
  }
  want(
    fleet.some((facts) => facts.kubeconfigs.some(({ path }) => path === '/etc/kubernetes/bootstrap.kubeconfig')),
    '/etc/kubernetes/bootstrap.kubeconfig on a host',
  );
  want(
    fleet.some((facts) => (facts.keepalived?.instances.length ?? 0) > 0),
    'VRRP instance in a keepalived.conf',
  );
  return missing.length === 0 ? { matches: true, evidence } : { matches: false, missing };
}
