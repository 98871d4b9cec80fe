/** How a lab is doing: power, systemd and units of each host, who holds the virtual addresses, the Nodes, the cuts. Looks, changes nothing. */
import { existsSync } from 'node:fs';
import { kubectl, type NodeSeen, nodes } from './cluster/kubectl.ts';
import type { Flavour } from './flavour.ts';
import type { Host } from './host.ts';
import { DEPLOY } from './hosts.ts';
import { cuts } from './network.ts';
import type { Place } from './place.ts';

export interface HostStatus {
  readonly address: string;
  readonly hostname: string;
  readonly roles: readonly string[];
  /** `off`, or what systemd says of the whole host. */
  readonly state: string;
  readonly addresses: readonly string[];
  readonly failedUnits: readonly string[];
  readonly pid?: number;
}

export interface LabStatus {
  readonly name: string;
  readonly exists: boolean;
  readonly flavour?: Flavour;
  readonly finishedSteps: readonly string[];
  readonly hosts: readonly HostStatus[];
  readonly nodes: readonly NodeSeen[];
  readonly webReady: number;
  readonly cuts: readonly string[];
}

export interface Looked {
  readonly place: Place;
  readonly flavour: Flavour | undefined;
  readonly done: readonly string[];
  readonly hosts: readonly Host[];
}

export async function statusOf({ place, flavour, done, hosts }: Looked): Promise<LabStatus> {
  const deploy = hosts.find(({ plan }) => plan === DEPLOY);
  const answers = deploy !== undefined && done.includes('control-plane') && (await deploy.pid()) !== undefined;
  const web = answers ? await kubectl(deploy, ['get', 'deployment', 'web', '-o', 'jsonpath={.status.readyReplicas}']) : undefined;
  return {
    name: place.name,
    exists: flavour !== undefined,
    ...(flavour === undefined ? {} : { flavour }),
    finishedSteps: done,
    hosts: await Promise.all(hosts.map(hostStatus)),
    nodes: answers ? await nodes(deploy) : [],
    webReady: Number(web?.stdout ?? 0),
    cuts: existsSync(`/run/netns/${place.networkNamespace}`) ? await namedCuts(place, hosts) : [],
  };
}

async function namedCuts(place: Place, hosts: readonly Host[]): Promise<readonly string[]> {
  const nameOf = (port: string) => hosts.find((host) => host.place.port === port)?.plan.address ?? port;
  return (await cuts(place.networkNamespace)).map(({ from, to }) => `${nameOf(from)} → ${nameOf(to)}`);
}

async function hostStatus(host: Host): Promise<HostStatus> {
  const { address, hostname, roles } = host.plan;
  const pid = await host.pid();
  const known = { address, hostname, roles };
  if (pid === undefined) return { ...known, state: 'off', addresses: [], failedUnits: [] };
  const state = (await host.exec(['/usr/bin/systemctl', 'is-system-running'])).stdout.trim();
  const failed = (await host.exec(['/usr/bin/systemctl', 'list-units', '--failed', '--plain', '--no-legend'])).stdout;
  const addresses = (await host.exec(['/usr/sbin/ip', '-4', '-o', 'address', 'show', 'dev', 'eth0'])).stdout;
  return {
    ...known,
    pid,
    state,
    addresses: [...addresses.matchAll(/inet ([\d.]+)/g)].map(([, found]) => found ?? ''),
    failedUnits: failed.split('\n').flatMap((line) => line.trim().split(/\s+/)[0] || []),
  };
}

/** For people. */
export function statusText(status: LabStatus): string {
  if (!status.exists) return `lab ${status.name}: not up`;
  const rows = status.hosts.map(({ address, hostname, roles, state, addresses, failedUnits }) => {
    const node = status.nodes.find(({ name }) => name === address);
    const virtual = addresses.filter((held) => held !== address);
    return [
      address.padEnd(12),
      hostname.padEnd(7),
      state.padEnd(9),
      (node === undefined ? '-' : `${node.ready ? 'Ready' : 'NotReady'} ${node.podCidr}`).padEnd(22),
      (virtual.join(' ') || '-').padEnd(22),
      roles.join(' '),
      failedUnits.length > 0 ? ` failed: ${failedUnits.join(' ')}` : '',
    ].join(' ');
  });
  const head = ['HOST'.padEnd(12), 'NAME'.padEnd(7), 'STATE'.padEnd(9), 'NODE'.padEnd(22), 'VIRTUAL ADDRESS'.padEnd(22), 'ROLES'].join(' ');
  const tail = [`web: ${status.webReady} replicas ready`, ...status.cuts.map((cut) => `cut: ${cut}`)];
  return [`lab ${status.name}: Kubernetes ${status.flavour}, finished: ${status.finishedSteps.join(', ') || 'nothing'}`, head, ...rows, ...tail].join(
    '\n',
  );
}
