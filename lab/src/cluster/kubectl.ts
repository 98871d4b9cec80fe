/** Asks the cluster as its administrator, from the deploy host, through the virtual address. */
import type { Host } from '../host.ts';
import type { Outcome } from '../run.ts';
import { BIN } from './layout.ts';

export const kubectl = (deploy: Host, args: readonly string[], input = ''): Promise<Outcome> =>
  deploy.exec([`${BIN}/kubectl`, '--request-timeout=10s', '--cache-dir=/var/cache/kubectl', ...args], { input });

export interface NodeSeen {
  readonly name: string;
  readonly ready: boolean;
  readonly podCidr: string;
}

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly podCIDR?: string };
    readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

/** No answer is an empty list. */
export async function nodes(deploy: Host): Promise<readonly NodeSeen[]> {
  const { code, stdout } = await kubectl(deploy, ['get', 'nodes', '-o', 'json']);
  if (code !== 0) return [];
  return (JSON.parse(stdout) as NodeList).items.map(({ metadata, spec, status }) => ({
    name: metadata.name,
    podCidr: spec.podCIDR ?? '',
    ready: status.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false,
  }));
}
