/** Which host this is: its name, its machine and boot ids, its system. A file that is absent leaves its field empty. */
import type { Facts } from '@reberth/protocol/facts.ts';
import { type FactContext, type Found, found, readText } from './fact.ts';

export async function identityFact({ host }: FactContext, agentVersion: string): Promise<Found<Facts['identity']>> {
  const line = async (path: string): Promise<string> => ((await readText(host, path)).value ?? '').split('\n')[0]?.trim() ?? '';
  // The real file first: /etc/os-release is a link to it on most systems.
  const release = (await readText(host, '/usr/lib/os-release')).value ?? (await readText(host, '/etc/os-release')).value ?? '';
  return found({
    hostname: (await line('/proc/sys/kernel/hostname')) || (await line('/etc/hostname')),
    machineId: await line('/etc/machine-id'),
    bootId: await line('/proc/sys/kernel/random/boot_id'),
    os: /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(release)?.[1] ?? '',
    agentVersion,
  });
}
