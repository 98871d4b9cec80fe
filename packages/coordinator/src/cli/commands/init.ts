/** Makes the control CA, the keys, the coordinator's configuration and every host's bundle. The only command that needs no coordinator. */
import { readFile } from 'node:fs/promises';
import { ReberthError } from '@reberth/protocol/errors.ts';
import { EXIT, line } from '../context.ts';
import { hostsOfInventory } from '../inventory-hosts.ts';
import { fileTrouble } from '../plain-words.ts';
import { count } from '../render/words.ts';
import { defineCommand, list } from './command.ts';

interface Options {
  readonly cluster: string;
  readonly address: string;
  readonly inventory?: string;
  readonly hosts?: readonly string[];
  readonly masters?: readonly string[];
  readonly kubeconfig: string;
  readonly ca: string;
  readonly caKey: string;
}

const DEFAULT_INVENTORY = '/etc/ansible/hosts';

export const init = defineCommand<Options>({
  name: 'init',
  summary: "make the control CA, the keys, the coordinator's configuration and every host's credentials",
  examples: [
    'reberth init --address 192.0.2.41',
    'reberth init --address 192.0.2.41 --cluster production --inventory /etc/ansible/hosts',
    'reberth init --address 192.0.2.41 --hosts 192.0.2.41,192.0.2.42,192.0.2.43 --masters 192.0.2.41:6443,192.0.2.42:6443',
  ],
  shape: (command) =>
    command
      .requiredOption('--address <ADDRESS>', 'a real address of this host; never the virtual one, which is what moves')
      .option('--cluster <NAME>', 'name of the cluster', 'kubernetes')
      .option('--inventory <FILE>', `Ansible inventory that names the hosts (default: ${DEFAULT_INVENTORY})`)
      .option('--hosts <LIST>', 'hosts, separated by commas, instead of an inventory', list)
      .option('--masters <LIST>', 'apiservers as HOST:PORT, separated by commas', list)
      .option('--kubeconfig <FILE>', "the coordinator's way into the cluster", '/root/.kube/config')
      .option('--ca <FILE>', "the cluster's CA certificate", '/etc/kubernetes/ssl/ca.pem')
      .option('--ca-key <FILE>', "the cluster's CA key, which signs serving certificates", '/etc/kubernetes/ssl/ca-key.pem'),
  async run(context, { options }) {
    const { hosts, masters } = await fleet(options);
    const { system: folder, operator: operatorFolder } = context.places;
    const { cluster, address, kubeconfig, ca: caFile, caKey: caKeyFile } = options;
    const { made, kept, changed } = await context.initialise({
      cluster,
      address,
      hosts,
      masters,
      kubeconfig,
      caFile,
      caKeyFile,
      folder,
      operatorFolder,
    });
    for (const path of made) line(context.out, `made     ${path}`);
    for (const path of changed) line(context.out, `changed  ${path}`);
    if (kept.length > 0) line(context.out, `kept     ${count(kept.length, 'file')} that were there`);
    line(
      context.out,
      `next:  copy ${folder}/hosts/HOST to ${folder}/agent on each host, start reberth-agent there and reberth-coordinator here, then: reberth doctor`,
    );
    return EXIT.done;
  },
});

async function fleet(options: Options): Promise<{ readonly hosts: readonly string[]; readonly masters: readonly string[] }> {
  const needed = options.hosts === undefined || options.masters === undefined || options.inventory !== undefined;
  const read = needed ? await inventory(options.inventory ?? DEFAULT_INVENTORY) : { hosts: [], masters: [] };
  const hosts = options.hosts ?? read.hosts;
  const masters = options.masters ?? read.masters;
  if (hosts.length === 0)
    throw new ReberthError('usage', 'cannot make credentials: no hosts are named', {
      hint: 'reberth init --hosts LIST --masters LIST, or --inventory FILE',
    });
  if (masters.length === 0)
    throw new ReberthError('usage', 'cannot find the apiservers: the inventory has no [kube-master] group', {
      hint: 'reberth init --masters HOST:6443,…',
    });
  return { hosts, masters };
}

async function inventory(file: string) {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ReberthError('usage', `cannot read the inventory ${file}: ${fileTrouble(cause)}`, {
      hint: 'reberth init --inventory FILE, or --hosts LIST --masters LIST',
      cause,
    });
  }
  return hostsOfInventory(text, file);
}
