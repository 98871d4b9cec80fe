/** The Ansible inventory of the deploy host, in the words of kubeasz 1.10. */
import { type HostPlan, VIP, VIP_PORT, withRole } from '../hosts.ts';
import { DNS_IP, DOMAIN, ETCD_URLS, NODE_PORT_RANGE, POD_CIDR, ROUTER_ID, SERVICE_CIDR, SERVICE_IP, SSL } from './layout.ts';
import { balancerOf } from './load-balancer.ts';

export function inventory(bootstrapToken: string): string {
  const [master1, master2] = withRole('kube-master');
  return `# deploy node, usually one of the masters: certificates and kubeconfigs are made here
[deploy]
${lines(withRole('deploy'), () => '')}

# the etcd cluster needs an odd number of members
[etcd]
${lines(withRole('etcd'), ({ address }, index) => ` NODE_NAME=etcd${index + 1} NODE_IP="${address}"`)}

[kube-master]
${lines(withRole('kube-master'), ({ address }) => ` NODE_IP="${address}"`)}

# load balancers: keepalived and haproxy
[lb]
${lines(withRole('lb'), (host) => ` LB_IF="eth0" LB_ROLE=${balancerOf(host).role}`)}

[lb:vars]
master1="${master1?.address}:6443"	# the masters' own addresses
master2="${master2?.address}:6443"
ROUTER_ID=${ROUTER_ID}		# 0 to 255, unique in the network segment
MASTER_PORT="${VIP_PORT}"

[kube-node]
${lines(withRole('kube-node'), ({ address }) => ` NODE_IP="${address}"`)}

[all:vars]
# --------- main parameters ---------------
# allinone, single-master, multi-master
DEPLOY_MODE=multi-master

# address of the masters: the virtual one, served by keepalived
MASTER_IP="${VIP}"
KUBE_APISERVER="https://{{ MASTER_IP }}:${VIP_PORT}"

# token for TLS bootstrapping
BOOTSTRAP_TOKEN="${bootstrapToken}"

# network plugin
CLUSTER_NETWORK="bridge"

# services
SERVICE_CIDR="${SERVICE_CIDR}"
# pods
CLUSTER_CIDR="${POD_CIDR}"
# ports of services on nodes
NODE_PORT_RANGE="${NODE_PORT_RANGE}"

CLUSTER_KUBERNETES_SVC_IP="${SERVICE_IP}"
CLUSTER_DNS_SVC_IP="${DNS_IP}"
CLUSTER_DNS_DOMAIN="${DOMAIN}."

# etcd
ETCD_NODES="${withRole('etcd')
    .map(({ address }, index) => `etcd${index + 1}=https://${address}:2380`)
    .join(',')}"
ETCD_ENDPOINTS="${ETCD_URLS.join(',')}"

# --------- further parameters --------------------
bin_dir="/opt/kube/bin"
ca_dir="${SSL}"
base_dir="/etc/ansible"
`;
}

const lines = (hosts: readonly HostPlan[], variables: (host: HostPlan, index: number) => string): string =>
  hosts.map((host, index) => `${host.address}${variables(host, index)}`).join('\n');
