/**
 * What a kubeasz inventory says about roles and addresses. Reads the facts of the deploy host only.
 */
import type { Facts } from '@reberth/protocol/facts.ts';
import type { Endpoint } from '@reberth/protocol/plan.ts';
import type { Fleet } from '../layout.ts';

export type Inventory = NonNullable<Facts['inventory']>;

const GROUPS = ['deploy', 'etcd', 'kube-master', 'lb', 'kube-node'] as const;
export type Role = (typeof GROUPS)[number];

export function findInventory(fleet: Fleet): { readonly facts: Facts; readonly inventory: Inventory } | undefined {
  for (const facts of fleet) {
    const { inventory } = facts;
    if (inventory === undefined) continue;
    const variables = groupVars(inventory, 'all');
    if (variables['MASTER_IP'] !== undefined && variables['KUBE_APISERVER'] !== undefined) return { facts, inventory };
  }
  return undefined;
}

export const groupVars = (inventory: Inventory, group: string): Readonly<Record<string, string>> =>
  inventory.groups.find(({ name }) => name === group)?.vars ?? {};

export const hostsOfGroup = (inventory: Inventory, group: string): readonly string[] =>
  inventory.groups.find(({ name }) => name === group)?.hosts.map(({ name }) => name) ?? [];

export const rolesOf = (inventory: Inventory, host: string): readonly Role[] =>
  GROUPS.filter((group) => hostsOfGroup(inventory, group).includes(host));

/** `https://192.168.1.39:8443` → its address and port; undefined when it is no such URL. */
export function endpointOfUrl(url: string): Endpoint | undefined {
  const match = /^https:\/\/(?:\[([0-9A-Fa-f:]+)\]|([^:/[\]]+)):(\d{1,5})\/?$/.exec(url);
  const [, v6, name, port] = match ?? [];
  const address = v6 ?? name;
  return address === undefined || port === undefined ? undefined : { address, port: Number(port) };
}
