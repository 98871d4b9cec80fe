/**
 * The lab's wire: a network namespace with one bridge in it and a filter that can cut one host off from another. Nothing in it reaches
 * this machine's own network.
 */
import { existsSync } from 'node:fs';
import { must, run } from './run.ts';

export const BRIDGE = 'br0';

const FILTER = `table bridge lab {
  set cut { type ifname . ifname; }
  chain forward { type filter hook forward priority 0; policy accept; iifname . oifname @cut drop; }
}
`;

export const inNetwork = (namespace: string, argv: readonly string[]): readonly string[] => [
  '/usr/bin/nsenter',
  `--net=/run/netns/${namespace}`,
  ...argv,
];

export async function makeNetwork(namespace: string): Promise<void> {
  if (existsSync(`/run/netns/${namespace}`)) return;
  await must(['/usr/sbin/ip', 'netns', 'add', namespace]);
  const ip = (...args: readonly string[]) => must(inNetwork(namespace, ['/usr/sbin/ip', ...args]));
  await ip('link', 'set', 'lo', 'up');
  // No delay and no snooping: VRRP multicast passes from the first moment.
  await ip('link', 'add', BRIDGE, 'type', 'bridge', 'forward_delay', '0', 'mcast_snooping', '0');
  await ip('link', 'set', BRIDGE, 'up');
  await must(inNetwork(namespace, ['/usr/sbin/nft', '-f', '-']), { input: FILTER });
}

export async function dropNetwork(namespace: string): Promise<void> {
  if (existsSync(`/run/netns/${namespace}`)) await must(['/usr/sbin/ip', 'netns', 'delete', namespace]);
}

/** After a power cut the dead host gives up its cable a moment late. */
export async function dropPort(namespace: string, port: string): Promise<void> {
  await run(inNetwork(namespace, ['/usr/sbin/ip', 'link', 'delete', port]));
}

export async function cut(namespace: string, from: string, to: string): Promise<void> {
  await must(inNetwork(namespace, ['/usr/sbin/nft', 'add', 'element', 'bridge', 'lab', 'cut', `{ "${from}" . "${to}" }`]));
}

export async function heal(namespace: string): Promise<void> {
  await must(inNetwork(namespace, ['/usr/sbin/nft', 'flush', 'set', 'bridge', 'lab', 'cut']));
}

/** The ways that are cut, by their ports. */
export async function cuts(namespace: string): Promise<readonly { readonly from: string; readonly to: string }[]> {
  const { stdout } = await run(inNetwork(namespace, ['/usr/sbin/nft', 'list', 'set', 'bridge', 'lab', 'cut']));
  return [...stdout.matchAll(/"([^"]+)" \. "([^"]+)"/g)].map(([, from = '', to = '']) => ({ from, to }));
}
