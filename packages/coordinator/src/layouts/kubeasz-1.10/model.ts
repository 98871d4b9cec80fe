/**
 * From facts of a kubeasz 1.10 fleet to a model that strategies can work on. Every reason against is collected; nothing is guessed:
 * a kubeconfig on a third address, a host of the inventory that was not heard, a master without its certificate are all refusals.
 */
import type { Facts } from '@reberth/protocol/facts.ts';
import { type HostId, hostId } from '@reberth/protocol/ids.ts';
import { type Endpoint, endpointUrl } from '@reberth/protocol/plan.ts';
import type { Fleet, Modelled } from '../layout.ts';
import type { ClientGroup, ClientHost, ClusterModel, EtcdMember, LoadBalancer, Master } from '../model.ts';
import { endpointOfUrl, findInventory, groupVars, hostsOfGroup, type Inventory, rolesOf } from './inventory.ts';

const SSL = '/etc/kubernetes/ssl';
const CA_FILE = `${SSL}/ca.pem`;
const CERT_FILE = `${SSL}/kubernetes.pem`;
const KEY_FILE = `${SSL}/kubernetes-key.pem`;
const API_PORT = 6443;

/** A kubelet that starts reads its kubeconfig, talks to the API and opens its port within seconds; a loaded machine takes longer. */
const READER_HEALTH_MS = 60_000;

const CERT_STAYS = 'the serving certificate keeps covering the old address, which costs nothing and spares clients that come back';

const CLIENTS: readonly { readonly name: string; readonly paths: readonly string[]; readonly unit?: string; readonly healthUrl?: string }[] = [
  { name: 'kube-proxy', paths: ['/etc/kubernetes/kube-proxy.kubeconfig'], unit: 'kube-proxy.service', healthUrl: 'http://127.0.0.1:10256/healthz' },
  {
    name: 'kubelet',
    paths: ['/etc/kubernetes/bootstrap.kubeconfig', '/etc/kubernetes/kubelet.kubeconfig'],
    unit: 'kubelet.service',
    healthUrl: 'http://127.0.0.1:10248/healthz',
  },
  { name: 'kubectl', paths: ['/root/.kube/config'] },
];

export function modelOf(fleet: Fleet, cluster: string, to: string): Modelled {
  const found = findInventory(fleet);
  if (found === undefined) return { ok: false, reasons: ['no host has an inventory with MASTER_IP and KUBE_APISERVER'] };
  const { inventory } = found;
  const reasons = hostReasons(fleet, inventory);
  const from = endpointInUse(fleet, inventory, to);
  if (from === undefined) reasons.push(`KUBE_APISERVER in ${inventory.path} on ${found.facts.host} is not of the form https://ADDRESS:PORT`);
  if (from === undefined || reasons.length > 0) return { ok: false, reasons };

  const model: ClusterModel = {
    layout: 'kubeasz-1.10',
    cluster,
    from,
    hosts: fleet.map((facts) => ({ id: hostId(facts.host), address: facts.host, roles: [...rolesOf(inventory, facts.host)] })),
    caFile: CA_FILE,
    loadBalancers: loadBalancers(fleet, inventory, from.address, to),
    masters: masters(fleet, inventory),
    clients: clients(fleet, inventory),
    etcd: etcd(inventory),
    inventory: { host: hostId(found.facts.host), file: inventory.path, variables: sourceVariables(inventory, from, to) },
    signingRequests: fleet.flatMap((facts) =>
      facts.signingRequests.filter(({ hosts }) => hosts.includes(from.address)).map(({ path }) => ({ host: hostId(facts.host), file: path })),
    ),
    knownPlaces: knownPlaces(fleet, inventory.path),
  };
  const wrong = modelReasons(model, to);
  return wrong.length > 0 ? { ok: false, reasons: wrong } : { ok: true, model };
}

function hostReasons(fleet: Fleet, inventory: Inventory): string[] {
  const heard = new Set(fleet.map(({ host }) => host));
  const named = new Set(['deploy', 'etcd', 'kube-master', 'lb', 'kube-node'].flatMap((group) => hostsOfGroup(inventory, group)));
  return [
    ...[...named].filter((host) => !heard.has(host)).map((host) => `${host} is in ${inventory.path} and has no agent that answers`),
    ...[...heard].filter((host) => !named.has(host)).map((host) => `${host} has an agent and is in no group of ${inventory.path}`),
  ];
}

/** The virtual address that clients dial or the inventory declares, other than the wanted one; the wanted one when there is no other. */
function endpointInUse(fleet: Fleet, inventory: Inventory, to: string): Endpoint | undefined {
  const all = groupVars(inventory, 'all');
  const declared = endpointOfUrl((all['KUBE_APISERVER'] ?? '').replace(/\{\{\s*MASTER_IP\s*\}\}/, all['MASTER_IP'] ?? ''));
  const dialled = fleet.flatMap(({ kubeconfigs }) => kubeconfigs.map(({ server }) => endpointOfUrl(server)));
  const virtual = new Set([...fleet.flatMap(addressesServed), declared?.address]);
  const candidates = [...dialled, declared].flatMap((endpoint) => (endpoint !== undefined && virtual.has(endpoint.address) ? [endpoint] : []));
  return candidates.find(({ address }) => address !== to) ?? candidates[0];
}

/** By keepalived's configuration, held at this moment or not. */
const addressesServed = ({ keepalived }: Facts): readonly string[] =>
  (keepalived?.instances ?? []).flatMap(({ addresses, excluded }) => [...addresses, ...excluded].map(({ address }) => address));

function loadBalancers(fleet: Fleet, inventory: Inventory, from: string, to: string): readonly LoadBalancer[] {
  const found = hostsOfGroup(inventory, 'lb').flatMap((name): LoadBalancer[] => {
    const facts = fleet.find(({ host }) => host === name);
    if (facts?.keepalived === undefined) return [];
    const { keepalived } = facts;
    const serving = (address: string) =>
      keepalived.instances.find(({ addresses, excluded }) => [...addresses, ...excluded].some((virtual) => virtual.address === address));
    const old = serving(from);
    return [
      {
        host: hostId(name),
        file: keepalived.file,
        unit: 'keepalived.service',
        networkInterface: (old ?? serving(to))?.networkInterface ?? '',
        oldInstance: old,
        newInstance: from === to ? undefined : serving(to),
        addresses: addressesServed(facts),
      },
    ];
  });
  // Who holds the address now comes last, whatever the priorities promise: it may have failed over, or be kept from taking it back.
  const holds = ({ host }: LoadBalancer) => fleet.some((facts) => facts.host === host && facts.addresses.some(({ address }) => address === from));
  const rank = (balancer: LoadBalancer) => (holds(balancer) ? 1_000 : 0) + ((balancer.oldInstance ?? balancer.newInstance)?.priority ?? 0);
  return found.toSorted((a, b) => rank(a) - rank(b));
}

function masters(fleet: Fleet, inventory: Inventory): readonly Master[] {
  return hostsOfGroup(inventory, 'kube-master').map((name) => {
    const facts = fleet.find(({ host }) => host === name);
    const certificate = facts?.certificates.find(({ path }) => path === CERT_FILE);
    return {
      host: hostId(name),
      address: name,
      port: API_PORT,
      certFile: CERT_FILE,
      keyFile: KEY_FILE,
      covers: [...(certificate?.addresses ?? []), ...(certificate?.names ?? [])],
      unit: 'kube-apiserver.service',
      reloadsCertificate: reloadsCertificate(facts),
      healthUrl: `https://${name}:${API_PORT}/healthz`,
    };
  });
}

/** The serving certificate is watched since Kubernetes 1.17; an unknown version counts as older. */
function reloadsCertificate(facts: Facts | undefined): boolean {
  const match = /^v?(\d+)\.(\d+)/.exec(facts?.versions['kube-apiserver'] ?? '');
  return match !== null && (Number(match[1]) > 1 || Number(match[2]) >= 17);
}

function clients(fleet: Fleet, inventory: Inventory): readonly ClientHost[] {
  return fleet.map((facts) => ({
    host: hostId(facts.host),
    address: facts.host,
    isMaster: hostsOfGroup(inventory, 'kube-master').includes(facts.host),
    isNode: facts.units.some(({ name }) => name === 'kubelet.service'),
    groups: CLIENTS.flatMap(({ name, paths, unit, healthUrl }): ClientGroup[] => {
      const files = facts.kubeconfigs.filter(({ path }) => paths.includes(path)).map(({ path, server }) => ({ path, server }));
      if (files.length === 0) return [];
      const runs = unit !== undefined && facts.units.some((known) => known.name === unit);
      return [
        { name, files, reader: runs && healthUrl !== undefined ? { unit, health: { url: healthUrl, withinMs: READER_HEALTH_MS } } : undefined },
      ];
    }),
  }));
}

function etcd(inventory: Inventory): readonly EtcdMember[] {
  return hostsOfGroup(inventory, 'etcd').map((name) => ({
    host: hostId(name),
    url: `https://${name}:2379/health`,
    caFile: CA_FILE,
    certFile: '/etc/etcd/ssl/etcd.pem',
    keyFile: '/etc/etcd/ssl/etcd-key.pem',
  }));
}

function sourceVariables(inventory: Inventory, from: Endpoint, to: string): NonNullable<ClusterModel['inventory']>['variables'] {
  const all = groupVars(inventory, 'all');
  const routerId = groupVars(inventory, 'lb')['ROUTER_ID'];
  const address = all['MASTER_IP'] ?? '';
  const url = all['KUBE_APISERVER'] ?? '';
  return [
    ...(address === from.address || address === to ? [{ section: 'all:vars', name: 'MASTER_IP', value: address, holds: 'address' as const }] : []),
    ...(url.includes('{{') ? [] : [{ section: 'all:vars', name: 'KUBE_APISERVER', value: url, holds: 'url' as const }]),
    ...(routerId === undefined ? [] : [{ section: 'lb:vars', name: 'ROUTER_ID', value: routerId, holds: 'router-id' as const }]),
  ];
}

function knownPlaces(fleet: Fleet, inventoryPath: string): ClusterModel['knownPlaces'] {
  return fleet.flatMap((facts) => {
    const host = hostId(facts.host);
    const known = (path: string) => ({ host, path });
    return [
      // Others are found by their content, and refused: nothing here would move them.
      ...facts.kubeconfigs.filter(({ path }) => CLIENTS.some(({ paths }) => paths.includes(path))).map(({ path }) => known(path)),
      ...(facts.keepalived === undefined ? [] : [known(facts.keepalived.file)]),
      ...facts.signingRequests.map(({ path }) => known(path)),
      ...(facts.inventory === undefined ? [] : [known(inventoryPath)]),
      ...(facts.certificates.some(({ path }) => path === CERT_FILE) ? [{ host, path: CERT_FILE, accepted: CERT_STAYS }] : []),
    ];
  });
}

function modelReasons(model: ClusterModel, to: string): string[] {
  const servers = new Set([endpointUrl(model.from), endpointUrl({ ...model.from, address: to })]);
  const third = model.clients.flatMap(({ host, groups }) =>
    groups.flatMap(({ files }) =>
      files
        .filter(({ server }) => !servers.has(server.replace(/\/$/, '')))
        .map(({ path, server }) => `${host}: ${path} points at ${server}, which is neither the old address nor the new one`),
    ),
  );
  const unserved = (host: HostId) => `${host}: no VRRP instance serves ${model.from.address}`;
  return [
    ...third,
    ...(model.loadBalancers.length < 2
      ? [`${model.loadBalancers.length} load balancers with a keepalived.conf; two are needed to move an address without a gap`]
      : []),
    ...model.loadBalancers
      .filter(({ oldInstance, newInstance }) => oldInstance === undefined && newInstance === undefined)
      .map(({ host }) => unserved(host)),
    ...model.masters.filter(({ covers }) => covers.length === 0).map(({ host, certFile }) => `${host}: ${certFile} is missing or unreadable`),
  ];
}
