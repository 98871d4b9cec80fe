/**
 * kube-proxy on each of these hosts has synced its rules and says so. An unsynced proxy keeps its old rules, so services look well
 * while their endpoints age.
 */
import * as v from 'valibot';
import { defineGate, pass, wait } from './gate.ts';
import { askHosts, complaints, HostsParam } from './host-answer.ts';

const Http = v.object({ status: v.number(), body: v.string(), why: v.string() });

export const proxyHealthy = defineGate({
  name: 'proxy-healthy',
  params: v.object({ hosts: HostsParam, url: v.string() }),
  title: (p) => `kube-proxy is healthy on ${p.hosts.join(', ')}`,
  probe: (probes, p, signal) => askHosts(probes, p.hosts, 'http', { url: p.url }, Http, signal),
  judge(history) {
    const why = complaints(history.at(-1)?.sample ?? [], ({ status, why }) =>
      status === 200 ? undefined : status === 0 ? why : `answers ${status}`,
    );
    return why.length === 0 ? pass() : wait(why.join('; '));
  },
});
