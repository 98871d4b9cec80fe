/**
 * The gates of a rolling move with their parameters, intervals and limits filled in for one model. Constants carry their reason; the
 * stages only choose which to use.
 */
import type { HostId } from '@reberth/protocol/ids.ts';
import { type Endpoint, endpointText, type GateUse } from '@reberth/protocol/plan.ts';
import type { ClusterModel, Master } from '../../layouts/model.ts';

/** Fast enough that a gate adds little to a stage, slow enough to cost nothing. */
const EVERY_MS = 500;
/** An agent beats every second; three in a row may be lost. */
const HEARD_WITHIN_MS = 5_000;
/** A kubelet renews its lease every 10 s; a fresh one proves that it reaches the API through the address it now dials. */
const LEASE_FRESH_MS = 20_000;
/** Longer than an election and the slowest kubelet start seen on a busy machine. */
const GIVE_UP_MS = 120_000;
/** Clients let go of old connections when they restart; the kernel forgets the rest within a minute. */
const QUIET_GIVE_UP_MS = 90_000;

type Use = Omit<GateUse, 'everyMs' | 'holdForMs' | 'giveUpAfterMs' | 'onGiveUp'>;

export function gatesFor(model: ClusterModel, to: Endpoint) {
  const all = model.hosts.map(({ id }) => id);
  const balancers = model.loadBalancers.map(({ host }) => host);
  const own = model.hosts.map(({ address }) => address);
  const use = (gate: Use, change: Partial<GateUse> = {}): GateUse => ({
    everyMs: EVERY_MS,
    holdForMs: 0,
    giveUpAfterMs: GIVE_UP_MS,
    onGiveUp: 'undo',
    ...gate,
    ...change,
  });
  return {
    agentsHeard: () =>
      use({ gate: 'agents-heard', title: `all ${all.length} agents are heard and well`, params: { hosts: all, withinMs: HEARD_WITHIN_MS } }),
    addressSilent: (address: string) =>
      use({ gate: 'address-silent', title: `nobody answers to ${address} yet`, params: { address, hosts: all } }, { giveUpAfterMs: 15_000 }),
    addressCounted: (address: string, holdForMs = 0) =>
      use(
        { gate: 'vip-single-holder', title: `${address} is on exactly one load balancer`, params: { address, loadBalancers: balancers } },
        { holdForMs },
      ),
    addressReleased: (address: string) =>
      use({ gate: 'vip-released', title: `${address} is on no load balancer any more`, params: { address, loadBalancers: balancers } }),
    etcdQuorum: () => use({ gate: 'etcd-quorum', title: `all ${model.etcd.length} etcd members are healthy`, params: { members: model.etcd } }),
    apiserverReady: ({ address, port }: Master) =>
      use({ gate: 'apiserver-ready', title: `API server ${address}:${port} is ready`, params: { address, port } }),
    certCovers: ({ host, address, port }: Master, covers: readonly string[]) =>
      use({
        gate: 'cert-covers',
        title: `the certificate served at ${address}:${port} covers ${covers.join(' and ')}`,
        params: { address, port, caFile: model.caFile, covers, from: [host] },
      }),
    endpointAnswers: (endpoint: Endpoint) =>
      use({
        gate: 'endpoint-answers',
        title: `${endpointText(endpoint)} answers from every host`,
        params: { endpoint, caFile: model.caFile, hosts: all },
      }),
    connectionsHeld: (endpoint: Endpoint) =>
      use(
        { gate: 'connections-held', title: `held connections to ${endpointText(endpoint)} stay whole`, params: { endpoint, hosts: all } },
        { holdForMs: 2_000 },
      ),
    nodesReady: () =>
      use({ gate: 'nodes-ready', title: 'every Node is Ready, the same object, with a fresh lease', params: { leaseFreshMs: LEASE_FRESH_MS } }),
    /** A lease from before the change proves nothing about the new path. Takes up to 10 s. */
    leasesRenewed: () =>
      use({
        gate: 'nodes-ready',
        title: 'every Node is Ready, the same object, with a newly renewed lease',
        params: { leaseFreshMs: LEASE_FRESH_MS, renewedSinceOpened: true },
      }),
    proxyHealthy: (hosts: readonly HostId[]) =>
      use({ gate: 'proxy-healthy', title: 'kube-proxy has synced its rules', params: { hosts, url: 'http://127.0.0.1:10256/healthz' } }),
    workloadsUnchanged: () =>
      use({ gate: 'workloads-unchanged', title: 'no pod was restarted or replaced', params: {} }, { onGiveUp: 'hold', giveUpAfterMs: 30_000 }),
    hostsQuiet: (hosts: readonly HostId[] = all) =>
      use(
        {
          gate: 'old-endpoint-quiet',
          title: `${hosts.length === all.length ? 'no cluster host' : `no process on ${hosts.join(', ')}`} uses ${endpointText(model.from)} any more`,
          params: { endpoint: model.from, hosts },
        },
        { onGiveUp: 'hold', giveUpAfterMs: QUIET_GIVE_UP_MS },
      ),
    stragglers: (soakMs: number, accept: boolean) =>
      use(
        {
          gate: 'stragglers',
          title: `no outside client uses ${endpointText(model.from)} any more`,
          params: { endpoint: model.from, loadBalancers: balancers, own, accept, soakMs },
        },
        { onGiveUp: 'hold', holdForMs: soakMs, giveUpAfterMs: soakMs + QUIET_GIVE_UP_MS },
      ),
    toAnswers: () =>
      use({
        gate: 'endpoint-answers',
        title: `${endpointText(to)} answers from every host`,
        params: { endpoint: to, caFile: model.caFile, hosts: all },
      }),
  };
}
