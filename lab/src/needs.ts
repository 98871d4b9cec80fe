/** The programs of this machine that a lab is made with, and the Debian packages they come in. */
import { existsSync } from 'node:fs';

const PROGRAMS: Readonly<Record<string, string>> = {
  '/usr/bin/systemd-nspawn': 'systemd-container',
  '/usr/bin/mmdebstrap': 'mmdebstrap',
  '/usr/sbin/nft': 'nftables',
  '/usr/sbin/ip': 'iproute2',
  '/usr/bin/nsenter': 'util-linux',
  '/usr/bin/tar': 'tar',
};

/** Why no lab can be raised here; empty when one can. */
export function missingPrograms(): readonly string[] {
  const absent = Object.entries(PROGRAMS).filter(([path]) => !existsSync(path));
  return [...(process.getuid?.() === 0 ? [] : ['only root can']), ...absent.map(([path, name]) => `${path} is missing (apt-get install ${name})`)];
}
