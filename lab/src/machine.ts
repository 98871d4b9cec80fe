/**
 * What a lab asks of this machine: root, a few programs, and room for the watches of some dozen systemds and kubelets.
 */
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';

/** Program → the Debian package that it comes in. */
const PROGRAMS: Readonly<Record<string, string>> = {
  '/usr/bin/systemd-nspawn': 'systemd-container',
  '/usr/bin/mmdebstrap': 'mmdebstrap',
  '/usr/sbin/nft': 'nftables',
  '/usr/sbin/ip': 'iproute2',
  '/usr/bin/nsenter': 'util-linux',
};

/** The usual 128 are root's, and root is in every host of every lab: the second cluster's kubelets would not start. */
const INOTIFY = '/proc/sys/fs/inotify/max_user_instances';
const INOTIFY_INSTANCES_MIN = 4_096;

/** Why no lab can be raised here; empty when one can. */
export function missingOfMachine(): readonly string[] {
  const absent = Object.entries(PROGRAMS).filter(([path]) => !existsSync(path));
  return [...(process.getuid?.() === 0 ? [] : ['only root can']), ...absent.map(([path, name]) => `${path} is missing (apt-get install ${name})`)];
}

/** A limit, not a reservation, and shared by all labs: it stays raised when a lab goes. */
export async function makeRoom(): Promise<void> {
  if (Number(await readFile(INOTIFY, 'utf8')) < INOTIFY_INSTANCES_MIN) await writeFile(INOTIFY, String(INOTIFY_INSTANCES_MIN));
}
