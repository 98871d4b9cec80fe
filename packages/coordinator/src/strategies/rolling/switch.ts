/**
 * Moving the clients: a canary node, then nodes in batches, then masters one at a time, then hosts that carry kubectl only. On each host
 * kube-proxy goes before kubelet, because a kubelet restart is the one thing that workloads could notice.
 */
import { stageId, stepId } from '@reberth/protocol/ids.ts';
import { endpointUrl, type GateUse } from '@reberth/protocol/plan.ts';
import type { ClientHost } from '../../layouts/model.ts';
import type { StageDraft, StepDraft, WaveDraft } from '../../planner/draft.ts';
import type { RollingContext } from './strategy.ts';

const STAGE = stageId('switch');

export function switchClients(context: RollingContext): StageDraft {
  const { model, to, gates, wish } = context;
  const nodes = model.clients.filter(({ isMaster, isNode }) => isNode && !isMaster);
  const masters = model.clients.filter(({ isMaster }) => isMaster);
  const others = model.clients.filter(({ isMaster, isNode }) => !isMaster && !isNode);
  const [canary, ...rest] = nodes;
  return {
    id: STAGE,
    title: `move every client to ${to.address}`,
    why: 'one canary proves the new path before anyone else depends on it',
    enter: [gates.toAnswers(), gates.nodesReady()],
    waves: [
      ...(canary === undefined ? [] : [wave(context, `canary ${canary.host}`, [canary], [gates.leasesRenewed()])]),
      ...batches(rest, wish.batch).map((hosts) =>
        wave(context, `node${hosts.length === 1 ? '' : 's'} ${hosts.map(({ host }) => host).join(', ')}`, hosts),
      ),
      ...masters.map((master) => wave(context, `master ${master.host}`, [master])),
      ...(others.length === 0 ? [] : [wave(context, `other hosts ${others.map(({ host }) => host).join(', ')}`, others)]),
    ],
    exit: [gates.nodesReady(), gates.workloadsUnchanged(), gates.connectionsHeld(model.from)],
    onFailure: 'undo-all',
    commit: false,
    promises: ['from', 'to'],
  };
}

function wave({ model, to, gates }: RollingContext, title: string, hosts: readonly ClientHost[], proof: readonly GateUse[] = []): WaveDraft {
  const proxies = hosts
    .filter(({ groups }) => groups.some(({ name, reader }) => name === 'kube-proxy' && reader !== undefined))
    .map(({ host }) => host);
  const looks = [
    gates.nodesReady(),
    ...(proxies.length === 0 ? [] : [gates.proxyHealthy(proxies)]),
    ...(hosts.some(({ isMaster }) => isMaster) ? [gates.etcdQuorum()] : []),
  ];
  return {
    title,
    steps: hosts.flatMap((host) => stepsOf(host, endpointUrl(model.from), endpointUrl(to))),
    exit: [...looks, ...proof, gates.hostsQuiet(hosts.map(({ host }) => host))],
    back: looks,
  };
}

const stepsOf = ({ host, groups }: ClientHost, from: string, to: string): readonly StepDraft[] =>
  groups.map(({ name, files, reader }) => ({
    id: stepId(`${STAGE}/${host}/${name}`),
    host,
    kind: 'kubeconfig-server',
    version: 1,
    params: { files: files.map(({ path }) => path), from, to, ...(reader === undefined ? {} : { reader }) },
    inputs: [],
  }));

function batches<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size));
}
