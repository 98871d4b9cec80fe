/**
 * The default way to move: widen (serve both addresses), switch (move every client, one wave at a time), narrow (withdraw the old one).
 * No Node object is deleted and no pod restarted; the old address works until nobody uses it.
 */
import { stageId } from '@reberth/protocol/ids.ts';
import type { Endpoint } from '@reberth/protocol/plan.ts';
import type { ClusterModel } from '../../layouts/model.ts';
import type { PlanDraft, StageDraft } from '../../planner/draft.ts';
import type { Drafted, Strategy, Wish } from '../strategy.ts';
import { narrowCertificates, widenCertificates } from './certificates.ts';
import { gatesFor } from './gates.ts';
import { sources } from './sources.ts';
import { switchClients } from './switch.ts';
import { chooseInstance, type NewInstance, narrowVip, widenVip } from './vip.ts';

export const rolling: Strategy = { name: 'rolling', title: 'widen, switch, narrow', draft };

export interface RollingContext {
  readonly model: ClusterModel;
  readonly wish: Wish;
  readonly to: Endpoint;
  readonly instance: NewInstance;
  readonly gates: ReturnType<typeof gatesFor>;
}

function draft(model: ClusterModel, wish: Wish): Drafted {
  const to: Endpoint = { address: wish.to, port: model.from.port };
  const common: Omit<PlanDraft, 'notes' | 'accepted' | 'stages'> = {
    format: 1,
    cluster: model.cluster,
    strategy: 'rolling',
    layout: model.layout,
    createdAt: wish.createdAt,
    from: model.from,
    to,
    hosts: [...model.hosts],
  };
  if (model.from.address === to.address)
    return { ok: true, draft: { ...common, notes: [`every client uses ${to.address} already`], accepted: [], stages: [] } };
  const chosen = chooseInstance(model, wish);
  if (!chosen.ok) return chosen;
  const context: RollingContext = { model, wish, to, instance: chosen.instance, gates: gatesFor(model, to) };
  const stages = [
    preflight(context),
    widenCertificates(context),
    widenVip(context),
    switchClients(context),
    sources(context),
    soak(context),
    narrowVip(context),
    ...(wish.narrowCertificates ? [narrowCertificates(context)] : []),
  ];
  return { ok: true, draft: { ...common, notes: notes(context), accepted: acceptedPlaces(context), stages } };
}

/** Where the old address stays; nowhere when it is taken out of the certificates too. */
const acceptedPlaces = ({ model, wish }: RollingContext): string[] =>
  wish.narrowCertificates
    ? []
    : model.knownPlaces.flatMap(({ host, path, accepted }) => (accepted === undefined ? [] : [`${host}: ${path}: ${accepted}`]));

function preflight({ model, to, gates, instance }: RollingContext): StageDraft {
  return {
    id: stageId('preflight'),
    title: 'look before touching anything',
    why: 'a cluster that is not well before the change cannot tell a fault of the change from its own',
    enter: [
      gates.agentsHeard(),
      gates.addressCounted(model.from.address),
      ...(instance.exists ? [] : [gates.addressSilent(to.address)]),
      gates.etcdQuorum(),
      ...model.masters.map((master) => gates.apiserverReady(master)),
      gates.nodesReady(),
      gates.endpointAnswers(model.from),
    ],
    waves: [],
    exit: [],
    onFailure: 'undo-all',
    commit: false,
    promises: ['from'],
  };
}

function soak({ model, wish, gates }: RollingContext): StageDraft {
  return {
    id: stageId('soak'),
    title: `wait until ${model.from.address} is silent`,
    why: 'whoever still talks to the old address loses it in the next stage, so it is named first',
    enter: [gates.hostsQuiet(), gates.stragglers(wish.soakMs, wish.acceptStragglers), gates.workloadsUnchanged(), gates.nodesReady()],
    waves: [],
    exit: [],
    onFailure: 'hold',
    commit: false,
    promises: ['from', 'to'],
  };
}

function notes({ model, wish, instance, to }: RollingContext): string[] {
  const [balancer] = model.loadBalancers;
  const window = 3 * (balancer?.oldInstance?.advertIntS ?? 1);
  return [
    `the new address gets a VRRP instance of its own (${instance.name}, router id ${instance.virtualRouterId}): it shares nothing with the instance that serves ${model.from.address}, so no order and no delay between the load balancers can make both hold it; it is elected about ${window} s after its load`,
    `keepalived is only ever reloaded, never restarted; haproxy listens on every address and is not touched`,
    model.masters.every(({ reloadsCertificate }) => reloadsCertificate)
      ? 'the API servers read a replaced certificate by themselves; none is restarted'
      : 'these API servers read their certificate at start only; they are restarted one at a time',
    wish.acceptStragglers
      ? `clients outside the cluster that still use ${model.from.address} after ${Math.round(wish.soakMs / 1000)} s of soak are named in the report and lose it when it is withdrawn`
      : `clients outside the cluster that still use ${model.from.address} hold the rollout before anything is withdrawn; --accept-stragglers names them and goes on`,
    ...(wish.narrowCertificates
      ? []
      : [`the serving certificates keep covering ${model.from.address} beside ${to.address}; --narrow-certificates takes it out at the end`]),
  ];
}
