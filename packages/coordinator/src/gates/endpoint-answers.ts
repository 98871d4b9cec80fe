/**
 * The address answers TLS, from every host that will dial it, with a certificate that covers it and an API behind it. Asked from the
 * hosts themselves: an address that the coordinator can reach proves nothing for a node behind another switch.
 */
import { EndpointSchema, endpointText } from '@reberth/protocol/plan.ts';
import * as v from 'valibot';
import { defineGate, pass, wait } from './gate.ts';
import { askHosts, complaints, HostsParam } from './host-answer.ts';

const Answered = v.object({ answers: v.boolean(), covers: v.boolean(), status: v.number(), names: v.array(v.string()), why: v.string() });

export const endpointAnswers = defineGate({
  name: 'endpoint-answers',
  params: v.object({ endpoint: EndpointSchema, caFile: v.string(), hosts: HostsParam }),
  title: (p) => `${endpointText(p.endpoint)} answers every host with a certificate that covers it`,
  probe: (probes, p, signal) => askHosts(probes, p.hosts, 'endpoint', { ...p.endpoint, caFile: p.caFile }, Answered, signal),
  judge(history, p) {
    const why = complaints(history.at(-1)?.sample ?? [], ({ answers, covers, names, why }) => {
      if (!covers && names.length > 0) return `the certificate names ${names.join(', ')} and not ${p.endpoint.address}`;
      return answers ? undefined : `no answer: ${why}`;
    });
    return why.length === 0 ? pass() : wait(why.join('; '));
  },
});
