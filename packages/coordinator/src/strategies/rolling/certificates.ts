/**
 * First and last stage of a rolling move: the serving certificate of each master covers both addresses before the new one is served,
 * and, only if asked, the new one alone at the very end. One master at a time, etcd looked at before each.
 */
import { type StageId, stageId, stepId } from '@reberth/protocol/ids.ts';
import type { Master } from '../../layouts/model.ts';
import type { StageDraft, StepDraft, WaveDraft } from '../../planner/draft.ts';
import type { RollingContext } from './strategy.ts';

export function widenCertificates(context: RollingContext): StageDraft {
  const { model, to, gates } = context;
  const stage = stageId('widen-certificates');
  const missing = model.masters.filter(({ covers }) => !covers.includes(to.address));
  return {
    id: stage,
    title: `make every API server's certificate cover ${to.address} as well`,
    why: `a client that dials ${to.address} before every master covers it fails on whichever master it meets`,
    enter: [gates.etcdQuorum()],
    waves: missing.map((master) => wave(context, stage, master, { add: [to.address], remove: [], covers: [model.from.address, to.address] })),
    exit: model.masters.map((master) => gates.certCovers(master, [model.from.address, to.address])),
    onFailure: 'undo-all',
    commit: false,
    promises: ['from'],
  };
}

export function narrowCertificates(context: RollingContext): StageDraft {
  const { model, to, gates } = context;
  const stage = stageId('narrow-certificates');
  return {
    id: stage,
    title: `take ${model.from.address} out of every API server's certificate`,
    why: 'asked for with --narrow-certificates; nothing depends on it',
    enter: [gates.etcdQuorum()],
    waves: model.masters.map((master) => wave(context, stage, master, { add: [], remove: [model.from.address], covers: [to.address] })),
    exit: model.masters.map((master) => gates.certCovers(master, [to.address])),
    onFailure: 'undo-stage',
    commit: false,
    promises: ['to'],
  };
}

interface Names {
  readonly add: readonly string[];
  readonly remove: readonly string[];
  readonly covers: readonly string[];
}

function wave({ model, gates }: RollingContext, stage: StageId, master: Master, names: Names): WaveDraft {
  const { host, certFile, keyFile } = master;
  const common = { certFile, keyFile, caFile: model.caFile, stagedKeyFile: `${keyFile}.reberth` };
  const requested: StepDraft = {
    id: stepId(`${stage}/${host}/request`),
    host,
    kind: 'serving-certificate-requested',
    version: 1,
    params: { ...common, addAddresses: names.add, removeAddresses: names.remove },
    inputs: [],
  };
  const installed: StepDraft = {
    id: stepId(`${stage}/${host}/install`),
    host,
    kind: 'serving-certificate-installed',
    version: 1,
    params: {
      ...common,
      mustCover: [...master.covers.filter((name) => !names.remove.includes(name)), ...names.add.filter((name) => !master.covers.includes(name))],
      served: { address: master.address, port: master.port },
      ...(master.reloadsCertificate ? {} : { reader: { unit: master.unit, health: { url: `http://127.0.0.1:8080/healthz`, withinMs: 120_000 } } }),
    },
    inputs: [{ name: 'certificate', from: requested.id, signedAs: 'serving-certificate' }],
  };
  return {
    title: `master ${host}`,
    steps: [requested, installed],
    exit: [gates.apiserverReady(master), gates.certCovers(master, names.covers), gates.etcdQuorum()],
    back: [gates.apiserverReady(master), gates.certCovers(master, [model.from.address])],
  };
}
