/**
 * Every host's agent has been heard of lately and has no complaint of its own. Says nothing about the cluster.
 */
import * as v from 'valibot';
import { defineGate, pass, wait } from './gate.ts';
import { HostsParam } from './host-answer.ts';

export const agentsHeard = defineGate({
  name: 'agents-heard',
  params: v.object({ hosts: HostsParam, withinMs: v.number() }),
  title: (p) => `all ${p.hosts.length} agents are heard and well`,
  probe: async (probes, p) =>
    p.hosts.map((host) => {
      const heard = probes.heartbeat(host);
      return heard === undefined ? { host, heardAtMs: 0, problems: [] } : { host, heardAtMs: heard.heardAtMs, problems: heard.heartbeat.problems };
    }),
  judge(history, p, nowMs) {
    const why = (history.at(-1)?.sample ?? []).flatMap(({ host, heardAtMs, problems }) => {
      if (heardAtMs === 0) return [`${host}: never heard of`];
      if (nowMs - heardAtMs > p.withinMs) return [`${host}: silent for more than ${p.withinMs / 1000} s`];
      return problems.map((problem) => `${host}: ${problem}`);
    });
    return why.length === 0 ? pass() : wait(why.join('; '));
  },
});
