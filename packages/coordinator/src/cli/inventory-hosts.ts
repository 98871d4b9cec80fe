/**
 * Hosts and masters out of an Ansible inventory in INI form, as kubeasz writes it: the hosts of every group in the order of first
 * mention, the masters of `[kube-master]`. Reads nothing else and changes nothing. Pure.
 */
import { ReberthError } from '@reberth/protocol/errors.ts';

const MASTER_GROUPS: ReadonlySet<string> = new Set(['kube-master', 'kube_master']);
const APISERVER_PORT = 6443;

export function hostsOfInventory(text: string, file: string): { readonly hosts: readonly string[]; readonly masters: readonly string[] } {
  const hosts = new Set<string>();
  const masters = new Set<string>();
  let group: string | undefined = 'ungrouped';
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === '' || /^[#;]/.test(line)) continue;
    const section = /^\[([^\]]+)\]/.exec(line)?.[1];
    // `[all:vars]` and `[k8s:children]` hold no hosts.
    if (section !== undefined) group = section.includes(':') ? undefined : section;
    if (section !== undefined || group === undefined) continue;
    const [host = ''] = line.split(/\s+/);
    if (/[[\]]/.test(host))
      throw new ReberthError('usage', `cannot read ${file} line ${index + 1}: ${host} is a range; name the hosts with --hosts and --masters instead`);
    hosts.add(host);
    if (MASTER_GROUPS.has(group)) masters.add(`${host}:${APISERVER_PORT}`);
  }
  return { hosts: [...hosts], masters: [...masters] };
}
