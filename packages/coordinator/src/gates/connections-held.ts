/**
 * The long-lived TLS connections that the agents hold to an endpoint have not been broken since the stage began. Fresh connections and pings pass through a double master unharmed; only a held connection shows it.
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
      return { host, heldBroken: seen?.heldBroken, lastFailure: seen?.lastFailure, atStageStart: probes.heldBrokenBefore(host, p.endpoint) };
    }),
  judge(history) {
    const last = history.at(-1)?.sample ?? [];
    const blind = last.filter(({ heldBroken }) => heldBroken === undefined).map(({ host }) => host);
    if (blind.length > 0) return wait(`${blind.join(', ')} not watching yet`);
    // Without a count from before the stage, each host's own first answer has to do: what broke earlier is not this stage's business.
    const firstOf = (wanted: string) =>
      history.flatMap(({ sample }) => sample.filter(({ host }) => host === wanted)).find(({ heldBroken }) => heldBroken !== undefined);
    const broken = last.flatMap(({ host, heldBroken = 0, lastFailure, atStageStart }) => {
      const since = heldBroken - (atStageStart ?? firstOf(host)?.heldBroken ?? 0);
      return since > 0 ? [`${host}: ${since} broken${lastFailure === undefined ? '' : ` (${lastFailure})`}`] : [];
    });
    return broken.length === 0 ? pass() : fail(broken.join('; '));
  },
});
