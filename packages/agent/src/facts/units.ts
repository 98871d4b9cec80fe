/** The units that matter to a control-plane address, as far as they exist here, and how they are doing. */
import type { Facts } from '@reberth/protocol/facts.ts';
import { type FactContext, type Found, found } from './fact.ts';

export const UNITS = [
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
  'kubelet',
  'kube-proxy',
  'keepalived',
  'haproxy',
  'etcd',
  'containerd',
  'docker',
] as const;

export async function unitsFact({ host }: Pick<FactContext, 'host'>): Promise<Found<Facts['units']>> {
  const states = await Promise.all(UNITS.map((name) => host.unit(`${name}.service`)));
  return found(states.flatMap(({ exists, name, active, sub }) => (exists ? [{ name, active, sub }] : [])));
}
