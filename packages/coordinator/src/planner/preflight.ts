/**
 * Every reason not to start, found from what the hosts and the cluster answered, all at once and before anything is touched. Pure: the
 * planning loop asks, this judges.
 */
import type { Facts } from '@reberth/protocol/facts.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import type { ClusterModel } from '../layouts/model.ts';
import type { Answer } from '../probes/probes.ts';

export interface Findings {
  readonly facts: readonly Facts[];
  /** When each host's facts arrived here, to compare its clock with. */
  readonly receivedAtMs: ReadonlyMap<string, number>;
  readonly silentHosts: readonly { readonly host: HostId; readonly why: string }[];
  readonly claims: readonly {
    readonly host: HostId;
    readonly answer: Answer<{ readonly claimedBy?: string | undefined; readonly local: boolean }>;
  }[];
  readonly heardRouters: readonly { readonly virtualRouterId: number; readonly source: string }[];
  readonly clusterCa: Answer<unknown>;
  readonly nodes: Answer<readonly { readonly name: string; readonly ready: boolean; readonly why: string }[]>;
  readonly etcd: readonly { readonly host: HostId; readonly healthy: boolean; readonly why: string }[];
  /** Addresses over which the coordinator, its agents and operators talk. */
  readonly channels: readonly { readonly name: string; readonly address: string }[];
}

/** Certificates are made valid from a few minutes back; a clock further off makes them not yet valid. */
export const CLOCK_SKEW_LIMIT_MS = 30_000;

export function preflightReasons(model: ClusterModel, to: string, findings: Findings): readonly string[] {
  return [
    ...findings.silentHosts.map(({ host, why }) => `${host}: agent does not answer: ${why}`),
    ...findings.facts.flatMap(({ host, problems }) => problems.map(({ file, line, message }) => `${host}: ${file}:${line}: ${message}`)),
    ...addressInUse(model, to, findings),
    ...routerIdClash(model, findings),
    ...clockSkew(findings),
    ...(findings.clusterCa.ok ? [] : [`the cluster's CA cannot sign: ${findings.clusterCa.why}`]),
    ...nodesNotReady(findings),
    ...findings.etcd.filter(({ healthy }) => !healthy).map(({ host, why }) => `${host}: etcd member is not healthy: ${why}`),
    ...findings.channels
      .filter(({ address }) => address === model.from.address || address === to)
      .map(({ name, address }) => `${name} is reached at ${address}, which is the address being moved; give it a host's own address`),
    ...unknownPlaces(model, findings),
  ];
}

function addressInUse(model: ClusterModel, to: string, { claims, facts }: Findings): readonly string[] {
  if (model.loadBalancers.some(({ newInstance }) => newInstance !== undefined)) return [];
  const macs = new Map<string, string[]>();
  for (const { host, answer } of claims) {
    const by = answer.ok && !answer.value.local ? answer.value.claimedBy : undefined;
    if (by !== undefined) macs.set(by, [...(macs.get(by) ?? []), host]);
  }
  const carriers = facts.filter(({ addresses }) => addresses.some(({ address }) => address === to)).map(({ host }) => host);
  return [
    ...[...macs].map(([mac, hosts]) => `${to} is in use: ${mac} answers for it (seen from ${hosts.join(', ')})`),
    ...carriers.map((host) => `${to} is in use: ${host} carries it on an interface`),
    ...claims.flatMap(({ host, answer }) => (answer.ok ? [] : [`${host}: cannot ask who answers to ${to}: ${answer.why}`])),
  ];
}

function routerIdClash(model: ClusterModel, { heardRouters }: Findings): readonly string[] {
  const own = new Set(model.loadBalancers.map(({ host }) => String(host)));
  const ids = new Set(
    model.loadBalancers.flatMap(({ oldInstance, newInstance }) =>
      [oldInstance, newInstance].flatMap((instance) => (instance === undefined ? [] : [instance.virtualRouterId])),
    ),
  );
  const foreign = heardRouters.filter(({ virtualRouterId, source }) => ids.has(virtualRouterId) && !own.has(source));
  return [
    ...new Set(
      foreign.map(
        ({ virtualRouterId, source }) => `VRRP router id ${virtualRouterId} is also used by ${source}, which is no load balancer of this cluster`,
      ),
    ),
  ];
}

function clockSkew({ facts, receivedAtMs }: Findings): readonly string[] {
  return facts.flatMap(({ host, collectedAtMs }) => {
    const skew = collectedAtMs - (receivedAtMs.get(host) ?? collectedAtMs);
    if (Math.abs(skew) <= CLOCK_SKEW_LIMIT_MS) return [];
    return [`${host}: clock is ${Math.round(Math.abs(skew) / 1000)} s ${skew > 0 ? 'ahead of' : 'behind'} the coordinator's; set the time first`];
  });
}

function nodesNotReady({ nodes }: Findings): readonly string[] {
  if (!nodes.ok) return [`the cluster does not answer: ${nodes.why}`];
  return nodes.value.filter(({ ready }) => !ready).map(({ name, why }) => `Node ${name} is not Ready: ${why}`);
}

function unknownPlaces(model: ClusterModel, { facts }: Findings): readonly string[] {
  return facts.flatMap(({ host, places }) => {
    const known = new Set(model.knownPlaces.filter((place) => place.host === host).map(({ path }) => path));
    const unknown = places.filter(({ address, path }) => address === model.from.address && !known.has(path));
    return unknown.map(
      ({ path, line, form }) =>
        `${host}: ${path}:${line} holds ${model.from.address}${form === 'san' ? ' in a certificate' : ''} and is no place that this layout knows`,
    );
  });
}
