/**
 * Who holds a socket: inode → service name, or the program's name for what is no service. Looks through /proc/<pid>/fd once for all
 * inodes asked and stops when all are found. A process that ends meanwhile is skipped.
 */
import { readdir, readFile, readlink } from 'node:fs/promises';

export async function holdersOf(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const pid of await names('/proc')) {
    if (found.size === inodes.size) break;
    if (!/^\d+$/.test(pid)) continue;
    const held = (await socketsOf(pid)).filter((inode) => inodes.has(inode) && !found.has(inode));
    if (held.length === 0) continue;
    const name = await nameOf(pid);
    for (const inode of held) found.set(inode, name);
  }
  return found;
}

async function socketsOf(pid: string): Promise<readonly string[]> {
  const links = await Promise.all((await names(`/proc/${pid}/fd`)).map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  return links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []);
}

/** `…/system.slice/kubelet.service` → `kubelet`; a program outside a service goes by its own name. */
async function nameOf(pid: string): Promise<string> {
  const cgroups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  const service = /^(?:0:|1:name=systemd|\d+:name=systemd):.*\/([^/\n]+)\.service$/m.exec(cgroups)?.[1];
  return service ?? (await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'a process')).trim();
}

const names = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);
