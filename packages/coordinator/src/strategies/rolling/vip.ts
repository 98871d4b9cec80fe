/**
 * Serving the new address, and at the end no longer serving the old one: a VRRP instance of its own is added to, or removed from, every
 * load balancer. Files are staged on all of them first; then each is loaded by a reload, the backup before the holder.
 */
import { type StageId, stageId, stepId } from '@reberth/protocol/ids.ts';
import type { GateUse } from '@reberth/protocol/plan.ts';
import type { ClusterModel, LoadBalancer } from '../../layouts/model.ts';
import type { StageDraft, StepDraft, WaveDraft } from '../../planner/draft.ts';
import type { Wish } from '../strategy.ts';
import type { RollingContext } from './strategy.ts';

export interface NewInstance {
  readonly name: string;
  readonly virtualRouterId: number;
  /** Every load balancer has it already. */
  readonly exists: boolean;
}

type Chosen = { readonly ok: true; readonly instance: NewInstance } | { readonly ok: false; readonly reasons: readonly string[] };

/** Continues an instance that is there; else the wanted router id, or the first free one after the old instance's. */
export function chooseInstance(model: ClusterModel, { routerId, routerIdsInUse }: Pick<Wish, 'routerId' | 'routerIdsInUse'>): Chosen {
  const there = model.loadBalancers.map(({ newInstance }) => newInstance);
  const [first] = there.filter((instance) => instance !== undefined);
  if (first !== undefined) return { ok: true, instance: { ...first, exists: there.every((instance) => instance !== undefined) } };
  const old = model.loadBalancers.find(({ oldInstance }) => oldInstance !== undefined)?.oldInstance;
  const base = old?.virtualRouterId ?? 1;
  if (routerId !== undefined && routerIdsInUse.includes(routerId)) {
    return { ok: false, reasons: [`VRRP router id ${routerId} is in use on this segment; leave --router-id out to have a free one chosen`] };
  }
  const free = routerId ?? candidates(base).find((id) => !routerIdsInUse.includes(id));
  if (free === undefined) return { ok: false, reasons: ['every VRRP router id from 1 to 255 is in use on this segment'] };
  return { ok: true, instance: { name: `${(old?.name ?? 'VI').replace(/-r\d+$/, '')}-r${free}`, virtualRouterId: free, exists: false } };
}

const candidates = (base: number): readonly number[] => Array.from({ length: 254 }, (_, index) => ((base + index) % 255) + 1);

export function widenVip(context: RollingContext): StageDraft {
  const { model, to, instance, gates } = context;
  const stage = stageId('widen-vip');
  const lacking = model.loadBalancers.filter(({ newInstance, oldInstance }) => newInstance === undefined && oldInstance !== undefined);
  const change = (balancer: LoadBalancer) => ({
    op: 'add',
    like: balancer.oldInstance?.name ?? '',
    name: instance.name,
    virtualRouterId: instance.virtualRouterId,
    address: to.address,
  });
  return {
    id: stage,
    title: `serve ${to.address} beside ${model.from.address}`,
    why: 'both addresses work from here on, so clients can be moved one by one',
    enter: [gates.addressCounted(model.from.address)],
    waves: vrrpWaves(context, stage, lacking, change, to.address, (balancer) => balancer.addresses, {
      // Asked anew from every host: what a load confirms is that nobody was cut off by it.
      exit: [gates.addressCounted(model.from.address), gates.endpointAnswers(model.from)],
      back: [gates.addressCounted(model.from.address), gates.endpointAnswers(model.from)],
    }),
    exit: [gates.addressCounted(model.from.address), gates.addressCounted(to.address, 2_000), gates.toAnswers(), gates.connectionsHeld(model.from)],
    onFailure: 'undo-all',
    commit: false,
    promises: ['from'],
  };
}

export function narrowVip(context: RollingContext): StageDraft {
  const { model, to, gates } = context;
  const stage = stageId('narrow-vip');
  const serving = model.loadBalancers.filter(({ oldInstance }) => oldInstance !== undefined);
  const change = (balancer: LoadBalancer) => ({ op: 'remove', name: balancer.oldInstance?.name ?? '' });
  const keep = (balancer: LoadBalancer) => [...new Set([...balancer.addresses, to.address])].filter((address) => address !== model.from.address);
  return {
    id: stage,
    title: `stop serving ${model.from.address}`,
    why: 'nobody who was not named uses it any more; the backup lets go first, so that it cannot take over what the holder drops',
    enter: [gates.addressCounted(to.address), gates.toAnswers(), gates.nodesReady()],
    waves: vrrpWaves(context, stage, serving, change, model.from.address, keep, {
      exit: [gates.addressCounted(to.address), gates.toAnswers()],
      back: [gates.addressCounted(to.address), gates.addressCounted(model.from.address), gates.endpointAnswers(model.from)],
    }),
    exit: [
      gates.addressReleased(model.from.address),
      gates.addressCounted(to.address),
      gates.toAnswers(),
      gates.nodesReady(),
      gates.workloadsUnchanged(),
    ],
    onFailure: 'undo-stage',
    commit: true,
    promises: ['to'],
  };
}

function vrrpWaves(
  { model }: RollingContext,
  stage: StageId,
  balancers: readonly LoadBalancer[],
  change: (balancer: LoadBalancer) => Readonly<Record<string, unknown>>,
  address: string,
  keep: (balancer: LoadBalancer) => readonly string[],
  gates: { readonly exit: readonly GateUse[]; readonly back: readonly GateUse[] },
): readonly WaveDraft[] {
  const holder = model.loadBalancers.at(-1);
  const common = (balancer: LoadBalancer) => ({ file: balancer.file, staged: `${balancer.file}.reberth`, change: change(balancer) });
  const staged = balancers.map(
    (balancer): StepDraft => ({
      id: stepId(`${stage}/${balancer.host}/stage`),
      host: balancer.host,
      kind: 'vrrp-instance-staged',
      version: 1,
      params: common(balancer),
      inputs: [],
    }),
  );
  const loaded = balancers.map(
    (balancer, index): WaveDraft => ({
      title: `load on ${balancer.host}${balancer.host === holder?.host ? ' (the holder)' : ' (a backup)'}`,
      steps: [
        {
          id: stepId(`${stage}/${balancer.host}/load`),
          host: balancer.host,
          kind: 'vrrp-instance-loaded',
          version: 1,
          params: { ...common(balancer), unit: balancer.unit, networkInterface: balancer.networkInterface, address, keep: keep(balancer) },
          inputs: [],
        },
      ],
      exit: gates.exit,
      // The way back ends at the backup: only when every load balancer is as it was can the addresses be counted.
      back: index === 0 ? gates.back : [],
    }),
  );
  return [{ title: 'stage the files on every load balancer', steps: staged, exit: [], back: [] }, ...loaded];
}
