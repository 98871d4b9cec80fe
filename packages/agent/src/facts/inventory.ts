/** The Ansible inventory from which the cluster was made, where this is the host that has it. Passwords in it stay here. */
import { normalize } from 'node:path';
import type { Facts } from '@reberth/protocol/facts.ts';
import { readInventory } from '../formats/inventory.ts';
import { type FactContext, type Found, found, problemAt } from './fact.ts';
import { readAs } from './format.ts';

const USUAL_FILE = '/etc/ansible/hosts';
/** What lies elsewhere is no inventory that this agent reads, or that the unit lets it change. */
const FOLDER = '/etc/ansible/';
const SECRET_NAME = /pass|secret|token|private_key$/i;

export async function inventoryFact(context: FactContext, file: string = USUAL_FILE): Promise<Found<Facts['inventory']>> {
  if (!file.startsWith(FOLDER) || normalize(file) !== file) return found(undefined, [problemAt(file, 0, `an inventory is read from ${FOLDER} only`)]);
  const { value, problems } = await readAs(context, file, readInventory);
  if (value === undefined) return found(undefined, problems);
  return found({
    path: file,
    groups: value.map(({ name, hosts, vars }) => ({
      name,
      hosts: hosts.map((host) => ({ name: host.name, vars: withoutSecrets(host.vars) })),
      vars: withoutSecrets(vars),
    })),
  });
}

const withoutSecrets = (vars: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(vars).map(([name, value]) => [name, SECRET_NAME.test(name) ? '(not shown)' : value]));
