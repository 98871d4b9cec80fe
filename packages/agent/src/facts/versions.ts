/**
 * Which versions of the programs that matter are on this host. A program is looked for where its unit starts it, then in the folders that
 * installers use. One that is absent, fails or takes too long is left out.
 */
import type { Facts } from '@reberth/protocol/facts.ts';
import { type FactContext, type Found, found } from './fact.ts';
import type { Survey } from './ports.ts';

interface Program {
  readonly name: string;
  readonly argument: '--version' | '-v';
}

const PROGRAMS: readonly Program[] = [
  { name: 'kube-apiserver', argument: '--version' },
  { name: 'kube-controller-manager', argument: '--version' },
  { name: 'kube-scheduler', argument: '--version' },
  { name: 'kubelet', argument: '--version' },
  { name: 'kube-proxy', argument: '--version' },
  { name: 'etcd', argument: '--version' },
  { name: 'keepalived', argument: '--version' },
  { name: 'haproxy', argument: '-v' },
  { name: 'containerd', argument: '--version' },
  { name: 'docker', argument: '--version' },
];

/** kubeasz's `bin_dir`s first, then the system's. */
const FOLDERS = ['/opt/kube/bin', '/root/local/bin', '/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin'] as const;

export async function versionsFact({ survey }: Pick<FactContext, 'survey'>): Promise<Found<Facts['versions']>> {
  const versions: Record<string, string> = {};
  // One after another: a Kubernetes binary takes a core for a moment, and the host has other work.
  for (const program of PROGRAMS) {
    const version = await versionOf(survey, program);
    if (version !== undefined) versions[program.name] = version;
  }
  return found(versions);
}

async function versionOf(survey: Survey, { name, argument }: Program): Promise<string | undefined> {
  const path = await find(survey, name);
  return path === undefined ? undefined : firstVersion(await survey.versionText(path, argument));
}

async function find(survey: Survey, name: string): Promise<string | undefined> {
  const started = await survey.programOf(`${name}.service`);
  // A unit may start a wrapper, or (docker.service) another program.
  const candidates = [...(started?.endsWith(`/${name}`) ? [started] : []), ...FOLDERS.map((folder) => `${folder}/${name}`)];
  for (const path of candidates) if (await survey.isProgram(path)) return path;
  return undefined;
}

/** `Kubernetes v1.35.4`, `Keepalived v2.2.7 (01/16,2022)`, `HAProxy version 2.6.12-1+deb12u1 …` → the number alone. */
const firstVersion = (text: string): string | undefined => /(?<![\w.])v?(\d+\.\d+(?:\.\d+)?)/.exec(text)?.[1];
