/**
 * Every gate there is, by hand: this list is what a reader checks to learn what Reberth can look at. A plan names gates and carries their
 * parameters as data; here the two meet. An unknown gate or wrong parameters are refused when a plan is made, and are a bug later.
 */
import type { Verdict } from '@reberth/protocol/event.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import type { Endpoint, GateUse } from '@reberth/protocol/plan.ts';
import * as v from 'valibot';
import type { Past } from '../executor/ports.ts';
import type { Probes } from '../probes/probes.ts';
import { addressSilent } from './address-silent.ts';
import { agentsHeard } from './agents-heard.ts';
import { apiserverReady } from './apiserver-ready.ts';
import { certCovers } from './cert-covers.ts';
import { connectionsHeld } from './connections-held.ts';
import { endpointAnswers } from './endpoint-answers.ts';
import { etcdQuorum } from './etcd-quorum.ts';
import type { Gate, Sampled } from './gate.ts';
import { nodesReady } from './nodes-ready.ts';
import { oldEndpointQuiet } from './old-endpoint-quiet.ts';
import { proxyHealthy } from './proxy-healthy.ts';
import { stragglers } from './stragglers.ts';
import { vipReleased, vipSingleHolder } from './vip-holders.ts';
import { workloadsUnchanged } from './workloads-unchanged.ts';

type Params = Readonly<Record<string, unknown>>;

/** A gate whose parameters and samples are known to itself alone. */
interface BoundGate {
  readonly name: string;
  problems(params: Params): readonly string[];
  title(params: Params): string;
  probe(probes: Probes, params: Params, signal: AbortSignal): Promise<unknown>;
  judge(history: readonly Sampled<unknown>[], params: Params, nowMs: number): Verdict;
}

export const gates: readonly BoundGate[] = [
  bound(addressSilent),
  bound(agentsHeard),
  bound(apiserverReady),
  bound(certCovers),
  bound(connectionsHeld),
  bound(endpointAnswers),
  bound(etcdQuorum),
  bound(nodesReady),
  bound(oldEndpointQuiet),
  bound(proxyHealthy),
  bound(stragglers),
  bound(vipReleased),
  bound(vipSingleHolder),
  bound(workloadsUnchanged),
];

/** One sample. Rejects only for a bug or an aborted signal; unhealthy is an answer. */
export const probeGate = (name: string, probes: Probes, params: Params, signal: AbortSignal): Promise<unknown> =>
  gateOf(name).probe(probes, params, signal);

/** Pure. `history`: samples that `probeGate` made for the same gate and parameters, oldest first, at least one. */
export const judgeGate = (name: string, params: Params, history: readonly Sampled<unknown>[], nowMs: number): Verdict =>
  gateOf(name).judge(history, params, nowMs);

/** Both, for one who keeps the past himself. */
export const gatesOver = (probes: Omit<Probes, 'baseline' | 'heldBrokenBefore'>) => ({
  probe: (name: string, params: Params, past: Past, signal: AbortSignal): Promise<unknown> =>
    probeGate(
      name,
      { ...probes, baseline: () => past.before, heldBrokenBefore: (host, endpoint) => heldBrokenBefore(past, host, endpoint) },
      params,
      signal,
    ),
  judge: judgeGate,
});

/** What is wrong with this use, in words; empty when nothing is. */
export function checkGateUse(use: GateUse): readonly string[] {
  const gate = gates.find(({ name }) => name === use.gate);
  if (gate === undefined) return [`there is no gate ${JSON.stringify(use.gate)}; known: ${gates.map(({ name }) => name).join(', ')}`];
  return [
    ...gate.problems(use.params).map((problem) => `gate ${use.gate}: ${problem}`),
    ...(use.everyMs > 0 ? [] : [`gate ${use.gate}: everyMs must be more than 0`]),
    ...(use.giveUpAfterMs > use.holdForMs
      ? []
      : [`gate ${use.gate}: it is given up after ${use.giveUpAfterMs} ms and can pass after ${use.holdForMs} ms at the earliest`]),
  ];
}

function heldBrokenBefore({ measured }: Past, host: HostId, endpoint: Endpoint): number | undefined {
  const last = measured.findLast(({ observer }) => observer === host);
  return last?.observations.find(({ address, port }) => address === endpoint.address && port === endpoint.port)?.heldBroken;
}

function gateOf(name: string): BoundGate {
  const gate = gates.find((known) => known.name === name);
  if (gate === undefined) throw new Error(`internal error: there is no gate ${JSON.stringify(name)}`);
  return gate;
}

function bound<P, Sample>(gate: Gate<P, Sample>): BoundGate {
  const parsed = (params: Params): P => v.parse(gate.params, params);
  return {
    name: gate.name,
    problems(params) {
      const result = v.safeParse(gate.params, params);
      return result.success ? [] : result.issues.map((issue) => `${v.getDotPath(issue) ?? 'params'}: ${issue.message}`);
    },
    title: (params) => gate.title(parsed(params)),
    probe: (probes, params, signal) => gate.probe(probes, parsed(params), signal),
    // Samples come back to the gate that made them; nothing in between looks inside.
    judge: (history, params, nowMs) => gate.judge(history as readonly Sampled<Sample>[], parsed(params), nowMs),
  };
}
