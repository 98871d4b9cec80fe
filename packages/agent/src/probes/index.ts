/**
 * The list of questions that this host answers about what it sees, kept by hand: it is what a reader checks to learn what can be asked.
 * `runProbe` validates parameters and turns every surprise into an answer; it never throws.
 */
import { messageOf } from '@reberth/protocol/errors.ts';
import type { QueryAnswer } from '@reberth/protocol/query.ts';
import * as v from 'valibot';
import { addressesProbe } from './addresses.ts';
import { clockProbe } from './clock.ts';
import { connectionsProbe } from './connections.ts';
import { endpointProbe } from './endpoint.ts';
import { httpProbe } from './http.ts';
import { neighbourProbe } from './neighbour.ts';
import type { Probe, ProbeContext } from './probe.ts';
import { unitProbe } from './unit.ts';
import { vrrpHeardProbe } from './vrrp-heard.ts';

export type RunProbe = (name: string, params: unknown) => Promise<QueryAnswer>;

export function createProbes(context: ProbeContext): RunProbe {
  const probes = new Map([
    bound(addressesProbe, context),
    bound(clockProbe, context),
    bound(connectionsProbe, context),
    bound(endpointProbe, context),
    bound(httpProbe, context),
    bound(neighbourProbe, context),
    bound(unitProbe, context),
    bound(vrrpHeardProbe, context),
  ]);
  return async (name, params) => {
    const probe = probes.get(name);
    if (probe === undefined) return { ok: false, why: `cannot probe ${JSON.stringify(name)}: this agent knows ${[...probes.keys()].join(', ')}` };
    try {
      return await probe(params);
    } catch (error) {
      return { ok: false, why: `cannot probe ${name}: ${messageOf(error)}` };
    }
  };
}

function bound<Params, Value>(probe: Probe<Params, Value>, context: ProbeContext): [string, (params: unknown) => Promise<QueryAnswer>] {
  return [
    probe.name,
    async (params) => {
      const valid = v.safeParse(probe.params, params);
      if (!valid.success)
        return {
          ok: false,
          why: `cannot probe ${probe.name}: ${valid.issues.map((issue) => `${v.getDotPath(issue) ?? 'params'}: ${issue.message}`).join('; ')}`,
        };
      return { ok: true, value: await probe.run(context, valid.output) };
    },
  ];
}
