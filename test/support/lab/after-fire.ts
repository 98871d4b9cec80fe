/**
 * What must hold on the hosts after a fault: every file is as it was, or every file is as the plan says; the report says of every step what
 * the host's own journal says; Nodes and pods are the same, but for pods of hosts that lost power. Each answer is a list of contradictions.
 */
import type { Plan } from '@reberth/protocol/plan.ts';
import { stepsOf } from '@reberth/protocol/plan.ts';
import type { RolloutReport } from '@reberth/protocol/rollout-report.ts';
import { type Cluster, HOSTS } from './cluster.ts';

type Files = ReadonlyMap<string, string>;

/** Changed, missing or new, as `host path`. */
export function difference(before: Files, after: Files): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name));
}

const hashOf = (described: string | undefined): string => described?.split(' ').at(-1) ?? 'absent';

/** Laid beside a file until the step that uses it; gone at the end. */
const STAGED = '.reberth';

/** Against the plan: what it names is as after its last step, everything else as before. */
export function unlikePlanned(plan: Plan, before: Files, after: Files): readonly string[] {
  const wanted = new Map<string, string>();
  for (const { step } of stepsOf(plan))
    for (const { path, after } of step.expect) wanted.set(`${short(step.host)} ${path}`, path.endsWith(STAGED) ? 'absent' : after);
  const wrong = [...wanted].flatMap(([name, hash]) => {
    const now = hashOf(after.get(name));
    const asPlanned = hash === 'made-on-host' ? now !== 'absent' && now !== hashOf(before.get(name)) : now === hash;
    return asPlanned ? [] : [`${name} is not as planned`];
  });
  const strange = difference(before, after).filter((name) => !wanted.has(name));
  return [...wrong, ...strange.map((name) => `${name} changed, and the plan does not name it`)];
}

const short = (host: string): string => `.${host.split('.').at(-1)}`;

interface HostEntry {
  readonly rollout: string;
  readonly step: string;
  readonly standing: 'open' | 'done' | 'undone' | 'failed';
}

/** Steps of which the report says one thing and the host's journal another. */
export async function contradictions({ lab }: Cluster, report: RolloutReport): Promise<readonly string[]> {
  const found: string[] = [];
  for (const host of HOSTS) {
    const { stdout, stderr } = await lab.exec(host, ['/opt/reberth/bin/reberth-agent', 'status', '--json']);
    if (!stdout.startsWith('{')) {
      found.push(`${host}: cannot read its journal: ${stderr.trim()}`);
      continue;
    }
    const entries = (JSON.parse(stdout).entries as readonly HostEntry[]).filter(({ rollout }) => rollout === report.rollout);
    const steps = report.hosts.find(({ id }) => short(id) === host)?.steps ?? [];
    for (const { id, outcome } of steps) {
      const standing = entries.find(({ step }) => step === id)?.standing ?? 'absent';
      if (!AGREEING[outcome]?.includes(standing)) found.push(`${id}: the report says ${outcome}, the host ${standing}`);
    }
  }
  return found;
}

/** What a host may say of a step of which the report says this. A refusal leaves no entry. */
const AGREEING: Readonly<Record<string, readonly string[]>> = {
  done: ['done'],
  noop: ['done', 'absent'],
  undone: ['undone', 'absent'],
  'not started': ['undone', 'absent'],
};

export interface Population {
  readonly nodes: readonly string[];
  readonly pods: readonly { readonly name: string; readonly node: string; readonly identity: string }[];
}

export async function population({ lab }: Cluster): Promise<Population> {
  const get = async (what: string) => {
    const { code, stdout, stderr } = await lab.exec('.41', ['/usr/local/bin/kubectl', 'get', what, '-A', '-o', 'json']);
    if (code !== 0) throw new Error(`cannot list ${what}: ${stderr}`);
    return JSON.parse(stdout).items as readonly {
      metadata: { name: string; uid: string };
      spec: { podCIDR?: string; nodeName?: string; unschedulable?: boolean };
      status: { containerStatuses?: { restartCount: number }[] };
    }[];
  };
  const nodes = await get('nodes');
  const pods = await get('pods');
  return {
    nodes: nodes
      .map(({ metadata, spec }) => `${metadata.name} ${metadata.uid} ${spec.podCIDR} ${spec.unschedulable === true ? 'cordoned' : ''}`)
      .sort(),
    pods: pods
      .map(({ metadata, spec, status }) => ({
        name: metadata.name,
        node: spec.nodeName ?? '',
        identity: `${metadata.uid} restarts ${(status.containerStatuses ?? []).map(({ restartCount }) => restartCount).join(',')}`,
      }))
      .sort((a, b) => a.name.localeCompare(b.name)),
  };
}

/** Nodes that are not the same object, and pods that were replaced or restarted without their host having lost power. */
export function disturbed(before: Population, after: Population, lostPower: readonly string[]): readonly string[] {
  const nodes = before.nodes.filter((node) => !after.nodes.includes(node)).map((node) => `Node ${node} is not as before`);
  const spared = before.pods.filter(({ node }) => !lostPower.includes(short(node)));
  const pods = spared.filter(({ name, identity }) => !after.pods.some((pod) => pod.name === name && pod.identity === identity));
  return [...nodes, ...pods.map(({ name, node }) => `pod ${name} on ${node} was restarted or replaced`)];
}
