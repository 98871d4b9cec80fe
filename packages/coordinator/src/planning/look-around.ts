/**
 * The looking that planning does beyond facts: who answers to the new address, which VRRP routers are heard, whether etcd and the Nodes are
 * well and the cluster's CA can sign. Every answer is data; the judging is in planner/preflight.ts.
 */
import { messageOf } from '@reberth/protocol/errors.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import type { Query, QueryAnswer } from '@reberth/protocol/query.ts';
import * as v from 'valibot';
import type { ClusterModel } from '../layouts/model.ts';
import type { Findings } from '../planner/preflight.ts';
import type { Answer } from '../probes/probes.ts';
import type { Collected } from './make-plan.ts';

export interface Look {
  query(host: HostId, query: Query, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<QueryAnswer>;
  nodes(signal: AbortSignal): Promise<Findings['nodes']>;
  clusterCa(): Promise<Answer<unknown>>;
  readonly channels: Findings['channels'];
}

/** Longer than three adverts at kubeasz's interval of 3 s would be, for the one that matters: a master adverts every interval. */
const VRRP_LISTEN_MS = 4_000;
const PROBE_TIMEOUT_MS = 10_000;

const Claim = v.object({ claimedBy: v.optional(v.string()), local: v.boolean() });
const Heard = v.array(v.object({ virtualRouterId: v.number(), source: v.string() }));
const Http = v.object({ status: v.number(), body: v.string(), why: v.string() });

export async function lookAround(look: Look, model: ClusterModel, to: string, collected: Collected, signal: AbortSignal): Promise<Findings> {
  const probe = <T>(host: HostId, name: string, params: Readonly<Record<string, unknown>>, schema: v.GenericSchema<unknown, T>) =>
    askProbe(look, host, name, params, schema, signal);
  const [claims, heard, etcd, nodes, clusterCa] = await Promise.all([
    Promise.all(model.hosts.map(async ({ id }) => ({ host: id, answer: await probe(id, 'neighbour', { address: to }, Claim) }))),
    Promise.all(
      model.loadBalancers.map(({ host, networkInterface }) => probe(host, 'vrrp-heard', { networkInterface, forMs: VRRP_LISTEN_MS }, Heard)),
    ),
    Promise.all(model.etcd.map(async ({ host, ...target }) => ({ host, answer: await probe(host, 'http', target, Http) }))),
    look.nodes(signal),
    look.clusterCa(),
  ]);
  return {
    facts: collected.facts,
    receivedAtMs: collected.receivedAtMs,
    silentHosts: collected.silent,
    claims,
    heardRouters: heard.flatMap((answer) => (answer.ok ? answer.value : [])),
    clusterCa,
    nodes,
    etcd: etcd.map(({ host, answer }) => ({ host, ...etcdHealth(answer) })),
    channels: look.channels,
  };
}

function etcdHealth(answer: Answer<v.InferOutput<typeof Http>>): { readonly healthy: boolean; readonly why: string } {
  if (!answer.ok) return { healthy: false, why: answer.why };
  const { status, body, why } = answer.value;
  const healthy = status === 200 && /"health"\s*:\s*"?true/.test(body);
  return { healthy, why: healthy ? '' : why || `answers ${status} ${body.slice(0, 80)}` };
}

async function askProbe<T>(
  look: Look,
  host: HostId,
  name: string,
  params: Readonly<Record<string, unknown>>,
  schema: v.GenericSchema<unknown, T>,
  signal: AbortSignal,
): Promise<Answer<T>> {
  try {
    const answer = await look.query(host, { kind: 'probe', probe: name, params }, { timeoutMs: PROBE_TIMEOUT_MS, signal });
    if (!answer.ok) return answer;
    const parsed = v.safeParse(schema, answer.value);
    return parsed.success ? { ok: true, value: parsed.output } : { ok: false, why: `answered ${name} in an unexpected shape` };
  } catch (error) {
    return { ok: false, why: messageOf(error) };
  }
}
