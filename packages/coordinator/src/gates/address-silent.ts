/**
 * Nobody on the segment answers to the new address yet. Asked by ARP from several hosts: a firewall hides a host from ping, not from ARP.
 */
import * as v from 'valibot';
import { defineGate, fail, pass, wait } from './gate.ts';
import { askHosts, complaints, HostsParam } from './host-answer.ts';

const Claimed = v.object({ claimedBy: v.optional(v.string()), local: v.boolean() });

export const addressSilent = defineGate({
  name: 'address-silent',
  params: v.object({ address: v.string(), hosts: HostsParam }),
  title: (p) => `nobody answers to ${p.address} yet`,
  probe: (probes, p, signal) => askHosts(probes, p.hosts, 'neighbour', { address: p.address }, Claimed, signal),
  judge(history, p) {
    const sample = history.at(-1)?.sample ?? [];
    const claims = sample.flatMap(({ host, answer }) => {
      if (!answer.ok) return [];
      if (answer.value.local) return [`${host} carries it itself`];
      return answer.value.claimedBy === undefined ? [] : [`${answer.value.claimedBy} answers for it (asked from ${host})`];
    });
    if (claims.length > 0) return fail(`${p.address} is in use: ${claims.join('; ')}`);
    const silent = complaints(sample, () => undefined);
    return silent.length === 0 ? pass() : wait(silent.join('; '));
  },
});
