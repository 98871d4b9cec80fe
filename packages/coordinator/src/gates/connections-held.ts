/**
 * The long-lived TLS connections that the agents hold to an endpoint have not been broken since this gate began to look. Fresh
 * connections and pings pass through a double master unharmed; only a held connection shows it.
 */
import { EndpointSchema, endpointText } from '@reberth/protocol/plan.ts';
import * as v from 'valibot';
import { defineGate, fail, pass, wait } from './gate.ts';
import { HostsParam } from './host-answer.ts';

export const connectionsHeld = defineGate({
  name: 'connections-held',
  params: v.object({ endpoint: EndpointSchema, hosts: HostsParam }),
  title: (p) => `held connections to ${endpointText(p.endpoint)} stay whole`,
  probe: async (probes, p) =>
    p.hosts.map((host) => {
      const seen = probes
        .heartbeat(host)
        ?.heartbeat.observations.find(({ address, port }) => address === p.endpoint.address && port === p.endpoint.port);
      return { host, heldBroken: seen?.heldBroken };
    }),
  judge(history) {
    const last = history.at(-1)?.sample ?? [];
    const blind = last.filter(({ heldBroken }) => heldBroken === undefined).map(({ host }) => host);
    if (blind.length > 0) return wait(`${blind.join(', ')} not watching yet`);
    // Counted from each host's own first answer: what broke before this gate began to look is not its business.
    const firstOf = (wanted: string) =>
      history.flatMap(({ sample }) => sample.filter(({ host }) => host === wanted)).find(({ heldBroken }) => heldBroken !== undefined);
    const broken = last.flatMap(({ host, heldBroken = 0 }) => {
      const since = heldBroken - (firstOf(host)?.heldBroken ?? 0);
      return since > 0 ? [`${host}: ${since} broken`] : [];
    });
    return broken.length === 0 ? pass() : fail(broken.join('; '));
  },
});
