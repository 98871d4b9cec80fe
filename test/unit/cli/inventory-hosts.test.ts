import test from 'ava';
import { hostsOfInventory } from '../../../packages/coordinator/src/cli/inventory-hosts.ts';

test('hosts come once, in the order of first mention, from groups only', (t) => {
  const text =
    '# a comment\n[etcd]\n192.0.2.41 NODE_NAME=etcd1\n192.0.2.42\n\n[kube-master]\n192.0.2.41\n\n[lb] # balancers\n192.0.2.45 LB_ROLE=backup\r\n[all:children]\nkube-node\n[all:vars]\nMASTER_IP="192.0.2.39"\n';
  t.deepEqual(hostsOfInventory(text, 'hosts'), { hosts: ['192.0.2.41', '192.0.2.42', '192.0.2.45'], masters: ['192.0.2.41:6443'] });
});

test('a range is refused with its line instead of becoming a host', (t) => {
  t.throws(() => hostsOfInventory('[kube-node]\nnode[1:9]\n', '/etc/ansible/hosts'), {
    message: /\/etc\/ansible\/hosts line 2: node\[1:9\] is a range/,
  });
});
