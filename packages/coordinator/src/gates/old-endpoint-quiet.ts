/**
 * No process of the cluster's own hosts talks to the old endpoint any more. Looks at established connections on each host, because a
 * client that was reconfigured and not restarted keeps its old connection for as long as it lasts. Only the end that dialled counts: what a
 * load balancer accepted is told by the host that it came from, which knows its processes and leaves Reberth's own watching out.
 */
import { EndpointSchema, endpointText } from '@reberth/protocol/plan.ts';
import * as v from 'valibot';
import { Connections, describePeers } from './connections.ts';
import { defineGate, pass, wait } from './gate.ts';
import { askHosts, complaints, HostsParam } from './host-answer.ts';

export const oldEndpointQuiet = defineGate({
  name: 'old-endpoint-quiet',
  params: v.object({ endpoint: EndpointSchema, hosts: HostsParam }),
  title: (p) => `no cluster host uses ${endpointText(p.endpoint)} any more`,
  probe: (probes, p, signal) => askHosts(probes, p.hosts, 'connections', { ...p.endpoint }, Connections, signal),
  judge(history, p) {
    const dialled = `${p.endpoint.address}:${p.endpoint.port}`;
    const why = complaints(history.at(-1)?.sample ?? [], ({ peers }) => {
      const talking = peers.filter(({ remote }) => remote === dialled);
      return talking.length === 0 ? undefined : describePeers(talking, p.endpoint);
    });
    return why.length === 0 ? pass() : wait(why.join('; '));
  },
});
