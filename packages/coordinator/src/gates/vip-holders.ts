/**
 * How many load balancers carry a virtual address on an interface: exactly one where it is served, none where it was withdrawn. Two
 * holders break every live connection while pings and new connections see nothing, so this is counted and never inferred.
 */
import * as v from 'valibot';
import { defineGate, pass, wait } from './gate.ts';
import { askHosts, type HostAnswer, HostsParam } from './host-answer.ts';

const Addresses = v.array(v.object({ networkInterface: v.string(), address: v.string() }));
type Sample = readonly HostAnswer<v.InferOutput<typeof Addresses>>[];

const Params = v.object({ address: v.string(), loadBalancers: HostsParam });

export const vipSingleHolder = defineGate({
  name: 'vip-single-holder',
  params: Params,
  title: (p) => `${p.address} is on exactly one load balancer`,
  probe: (probes, p, signal): Promise<Sample> => askHosts(probes, p.loadBalancers, 'addresses', {}, Addresses, signal),
  judge: (history, p) => judgeHolders(history.at(-1)?.sample ?? [], p.address, 1),
});

export const vipReleased = defineGate({
  name: 'vip-released',
  params: Params,
  title: (p) => `${p.address} is on no load balancer any more`,
  probe: (probes, p, signal): Promise<Sample> => askHosts(probes, p.loadBalancers, 'addresses', {}, Addresses, signal),
  judge: (history, p) => judgeHolders(history.at(-1)?.sample ?? [], p.address, 0),
});

function judgeHolders(sample: Sample, address: string, wanted: 0 | 1) {
  const silent = sample.flatMap(({ host, answer }) => (answer.ok ? [] : [`${host}: ${answer.why}`]));
  if (silent.length > 0) return wait(`cannot count the holders of ${address}: ${silent.join('; ')}`);
  const holders = sample.filter(({ answer }) => answer.ok && answer.value.some((held) => held.address === address)).map(({ host }) => host);
  if (holders.length === wanted) return pass();
  return wait(
    holders.length === 0 ? `no load balancer holds ${address}` : `${holders.join(' and ')} hold${holders.length === 1 ? 's' : ''} ${address}`,
  );
}
