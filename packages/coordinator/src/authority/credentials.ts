/**
 * What the control CA gives to whom: the list of certificates that `init` makes, each with its name, its use and where it lies. Pure. Hosts and
 * operators are clients only, so that none of them can pass for the broker or the coordinator.
 */
import { join } from 'node:path';
import type { HostId } from '@reberth/protocol/ids.ts';
import { agentName, BROKER_NAME, COORDINATOR_NAME, operatorName } from './identity.ts';

export interface Credential {
  readonly commonName: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly usages: readonly ('server' | 'client')[];
  /** Addresses that it is dialled by. */
  readonly names: readonly string[];
}

export interface Places {
  readonly pki: string;
  bundle(host: HostId): string;
  readonly operator: string;
}

export const placesOf = (folder: string, operatorFolder: string): Places => ({
  pki: join(folder, 'pki'),
  bundle: (host) => join(folder, 'hosts', host),
  operator: operatorFolder,
});

export function credentialsOf(places: Places, address: string, hosts: readonly HostId[], operator: string): readonly Credential[] {
  const pair = (folder: string, name: string) => ({ certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) });
  return [
    {
      commonName: COORDINATOR_NAME,
      ...pair(places.pki, 'coordinator'),
      usages: ['server', 'client'],
      names: [...new Set([address, '127.0.0.1', '::1', 'localhost'])],
    },
    { commonName: BROKER_NAME, ...pair(places.pki, 'broker'), usages: ['server'], names: [address] },
    ...hosts.map((host): Credential => ({ commonName: agentName(host), ...pair(places.bundle(host), 'agent'), usages: ['client'], names: [] })),
    { commonName: operatorName(operator), ...pair(places.operator, 'operator'), usages: ['client'], names: [] },
  ];
}
