/**
 * Who outside the cluster still talks to the old endpoint, counted at the load balancers. Passes when nobody does; otherwise waits for
 * them, unless the operator accepted in the plan that they lose it: then it names them once the soak time is over, and skips.
 */
import { EndpointSchema, endpointText } from '@reberth/protocol/plan.ts';
import * as v from 'valibot';
import { addressOf, Connections } from './connections.ts';
import { defineGate, pass, skip, wait } from './gate.ts';
import { askHosts, complaints, HostsParam } from './host-answer.ts';

export const stragglers = defineGate({
  name: 'stragglers',
  params: v.object({ endpoint: EndpointSchema, loadBalancers: HostsParam, own: v.array(v.string()), accept: v.boolean(), soakMs: v.number() }),
  title: (p) => `no outside client uses ${endpointText(p.endpoint)} any more${p.accept ? ', or it is named' : ''}`,
  probe: (probes, p, signal) => askHosts(probes, p.loadBalancers, 'connections', { ...p.endpoint }, Connections, signal),
  judge(history, p, nowMs) {
    const sample = history.at(-1)?.sample ?? [];
    const silent = complaints(sample, () => undefined);
    if (silent.length > 0) return wait(silent.join('; '));
    const counts = new Map<string, number>();
    for (const { answer } of sample) {
      for (const { local, remote } of answer.ok ? answer.value.peers : []) {
        const peer = addressOf(addressOf(local) === p.endpoint.address ? remote : local);
        if (peer !== p.endpoint.address && !p.own.includes(peer)) counts.set(peer, (counts.get(peer) ?? 0) + 1);
      }
    }
    if (counts.size === 0) return pass();
    const named = [...counts].map(([peer, count]) => `${peer} (${count} connection${count === 1 ? '' : 's'})`).join(', ');
    const soaked = nowMs - (history.at(0)?.atMs ?? nowMs) >= p.soakMs;
    return p.accept && soaked ? skip(`accepted: ${named}`) : wait(`still in use by ${named}`);
  },
});
