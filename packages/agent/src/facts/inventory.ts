/** The Ansible inventory from which the cluster was made, where this is the host that has it. Passwords in it stay here. */
import type { Facts } from '@reberth/protocol/facts.ts';
import { readInventory } from '../formats/inventory.ts';
import { type FactContext, type Found, found } from './fact.ts';
import { readAs } from './format.ts';

const FILE = '/etc/ansible/hosts';
const SECRET_NAME = /pass|secret|token|private_key$/i;

export async function inventoryFact(context: FactContext): Promise<Found<Facts['inventory']>> {
  const { value, problems } = await readAs(context, FILE, readInventory);
  if (value === undefined) return found(undefined, problems);
  return found({
    path: FILE,
    groups: value.map(({ name, hosts, vars }) => ({
      name,
      hosts: hosts.map((host) => ({ name: host.name, vars: withoutSecrets(host.vars) })),
      vars: withoutSecrets(vars),
    })),
  });
}

const withoutSecrets = (vars: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, SECRET_NAME.test(name) ? '(not shown)' : value]));
