/**
 * No process of the cluster's own hosts talks to the old endpoint any more. Looks at established connections on each host, because a
 * client that was reconfigured and not restarted keeps its old connection for as long as it lasts.
 */
import { EndpointSchema, endpointText } from '@reberth/protocol/plan.ts';
import * as v from 'valibot';
import { Connections, describePeers } from './connections.ts';
import { defineGate, pass, wait } from './gate.ts';
import { askHosts, complaints, HostsParam } from './host-answer.ts';

export const oldEndpointQuiet = defineGate({
  name: 'old-endpoint-quiet',
  /** `own`: addresses of the cluster's hosts. On a load balancer only connections from these count; outside clients are the stragglers' gate. */
  params: v.object({ endpoint: EndpointSchema, hosts: HostsParam, own: v.array(v.string()) }),
  title: (p) => `no cluster host uses ${endpointText(p.endpoint)} any more`,
  probe: (probes, p, signal) => askHosts(probes, p.hosts, 'connections', { ...p.endpoint }, Connections, signal),
  judge(history, p) {
    const why = complaints(history.at(-1)?.sample ?? [], ({ peers }) => {
      const talking = peers.filter(({ local, remote }) => isOwn(local, p) && isOwn(remote, p));
      return talking.length === 0 ? undefined : describePeers(talking, p.endpoint);
    });
    return why.length === 0 ? pass() : wait(why.join('; '));
  },
});

/** The endpoint itself counts as own: a client on the load balancer that holds the address dials it from the address. */
function isOwn(socket: string, { own, endpoint }: { readonly own: readonly string[]; readonly endpoint: { readonly address: string } }): boolean {
  const address = socket.slice(0, socket.lastIndexOf(':'));
  return own.includes(address) || address === endpoint.address;
}
