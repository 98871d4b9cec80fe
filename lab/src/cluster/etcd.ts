/** A member of the etcd cluster: TLS for clients and peers, members named by their place in the inventory. */
import { type HostPlan, withRole } from '../hosts.ts';
import { SSL } from './layout.ts';
import { unitFile } from './unit.ts';

export const ETCD_SSL = '/etc/etcd/ssl';

export function etcdUnit(host: HostPlan): string {
  const { address } = host;
  const members = withRole('etcd');
  const name = (member: HostPlan) => `etcd${members.indexOf(member) + 1}`;
  return unitFile({
    description: 'Etcd Server',
    after: ['network-online.target'],
    type: 'notify',
    workingFolder: '/var/lib/etcd/',
    program: '/opt/kube/bin/etcd',
    flags: [
      `--name=${name(host)}`,
      ...[`--cert-file=${ETCD_SSL}/etcd.pem`, `--key-file=${ETCD_SSL}/etcd-key.pem`],
      ...[`--peer-cert-file=${ETCD_SSL}/etcd.pem`, `--peer-key-file=${ETCD_SSL}/etcd-key.pem`],
      ...[`--trusted-ca-file=${SSL}/ca.pem`, `--peer-trusted-ca-file=${SSL}/ca.pem`, '--client-cert-auth', '--peer-client-cert-auth'],
      ...[`--initial-advertise-peer-urls=https://${address}:2380`, `--listen-peer-urls=https://${address}:2380`],
      ...[`--listen-client-urls=https://${address}:2379,http://127.0.0.1:2379`, `--advertise-client-urls=https://${address}:2379`],
      ...[
        '--initial-cluster-token=etcd-cluster-0',
        `--initial-cluster=${members.map((member) => `${name(member)}=https://${member.address}:2380`).join(',')}`,
      ],
      ...['--initial-cluster-state=new', '--data-dir=/var/lib/etcd'],
    ],
  });
}
