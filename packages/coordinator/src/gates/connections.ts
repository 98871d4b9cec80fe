/**
 * What the agents' `connections` probe answers, and how it is told to people. Shared by the two gates that look for users of the old
 * endpoint.
 */
import { type Endpoint, endpointText } from '@reberth/protocol/plan.ts';
import * as v from 'valibot';

const Peer = v.object({ local: v.string(), remote: v.string(), process: v.optional(v.string()) });
export type Peer = Readonly<v.InferOutput<typeof Peer>>;

/** `local` and `remote` are `address:port`. The agent leaves its own connections out. */
export const Connections = v.object({ peers: v.array(Peer) });

/** `kubelet and 2 others talk to 192.0.2.39:8443`. */
export function describePeers(peers: readonly Peer[], endpoint: Endpoint): string {
  const names = [...new Set(peers.map(({ process }) => process ?? 'a process'))];
  return `${peers.length} connection${peers.length === 1 ? '' : 's'} to ${endpointText(endpoint)} (${names.join(', ')})`;
}

export const addressOf = (socket: string): string => socket.slice(0, socket.lastIndexOf(':'));
