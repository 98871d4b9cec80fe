/**
 * Where everything of one lab lives. All names hold the lab's own, so that labs stand beside each other and `down` finds every trace.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { HostPlan } from './hosts.ts';

const STATE = process.env['REBERTH_LAB_STATE'] ?? '/var/lib/reberth-lab';
export const CACHE = process.env['REBERTH_CACHE'] ?? '/var/cache/reberth';

const NAME = /^[a-z][a-z0-9-]{0,31}$/;
/** nspawn calls a host's port `vb-MACHINE`, of which the kernel takes 15 characters: 8 are left for the lab's name in `vb-NAME-100`. */
const SHORT_NAME_LENGTH_MAX = 8;

export interface Place {
  readonly name: string;
  readonly folder: string;
  /** Network namespace with the lab's bridge, which is where all cables end. */
  readonly networkNamespace: string;
  readonly cgroup: string;
}

export interface HostPlace {
  readonly folder: string;
  /** What the host wrote: upper folder of the overlay. */
  readonly disk: string;
  readonly work: string;
  /** The overlay itself, mounted as long as the lab exists. */
  readonly root: string;
  /** Real folders, because an overlay cannot hold another overlay. */
  readonly containerd: string;
  readonly kubelet: string;
  readonly consoleLog: string;
  readonly machine: string;
  readonly port: string;
  readonly cgroup: string;
}

export function placeOf(name: string): Place {
  if (!NAME.test(name)) throw new Error(`cannot use the lab name ${name}: up to 32 lower-case letters, digits and dashes, a letter first`);
  return { name, folder: join(STATE, name), networkNamespace: `rl-${name}`, cgroup: `reberth-lab-${name}` };
}

export function hostPlaceOf(place: Place, host: HostPlan): HostPlace {
  const folder = join(place.folder, 'hosts', host.address);
  const machine = `${shortNameOf(place.name)}-${host.id}`;
  return {
    folder,
    disk: join(folder, 'disk'),
    work: join(folder, 'work'),
    root: join(folder, 'root'),
    containerd: join(folder, 'containerd'),
    kubelet: join(folder, 'kubelet'),
    consoleLog: join(folder, 'console.log'),
    machine,
    port: `vb-${machine}`,
    cgroup: `${place.cgroup}/${host.id}`,
  };
}

/** Still one name per lab: machines of all labs share what nspawn keeps of them on this machine. */
function shortNameOf(name: string): string {
  if (name.length <= SHORT_NAME_LENGTH_MAX) return name;
  return `${name.slice(0, 2)}${createHash('sha256')
    .update(name)
    .digest('hex')
    .slice(0, SHORT_NAME_LENGTH_MAX - 2)}`;
}
