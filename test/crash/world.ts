/**
 * The two hosts of a trial and the plan that moves them: a master with a certificate, and a load balancer that may cut itself off. Every kind
 * of step is a real one, planned by the hosts' own dry run; both policies for a step that failed are in it.
 */
import { generateKeyPairSync } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { actionFor } from '@reberth/agent/actions/index.ts';
import { dryRun } from '@reberth/agent/runner/dry-run.ts';
import { type HostId, hostId, stageId, stepId } from '@reberth/protocol/ids.ts';
import type { Plan } from '@reberth/protocol/plan.ts';
import type { DryRunAnswer } from '@reberth/protocol/query.ts';
import { issueLeaf, issueSelfSignedCa } from '../../packages/coordinator/src/authority/issue.ts';
import { completePlan } from '../../packages/coordinator/src/planner/complete.ts';
import { type PlanDraft, type StageDraft, type StepDraft, stepsOfHost, type WaveDraft } from '../../packages/coordinator/src/planner/draft.ts';
import { plan as emptyPlan, gate } from '../support/plan.ts';
import { ADMIN_KUBECONFIG, INVENTORY, KEEPALIVED_MASTER, KUBELET_KUBECONFIG } from '../unit/formats/samples.ts';
import { rootOf, sandboxHost, startAll, type UnitFiles } from './sandbox.ts';

export const MASTER = hostId('192.0.2.41');
export const BALANCER = hostId('192.0.2.42');
export const HOSTS = [MASTER, BALANCER] as const;
export const CLUSTER = 'kubeasz';

const [OLD, NEW] = ['192.168.1.39', '192.168.1.40'];
const urls = { from: `https://${OLD}:8443`, to: `https://${NEW}:8443` };
export const SSL = '/etc/kubernetes/ssl';
export const pair = {
  certFile: `${SSL}/kubernetes.pem`,
  keyFile: `${SSL}/kubernetes-key.pem`,
  caFile: `${SSL}/ca.pem`,
  stagedKeyFile: `${SSL}/kubernetes-key.pem.reberth`,
};
const KUBELET = '/etc/kubernetes/kubelet.kubeconfig';
const BOOTSTRAP = '/etc/kubernetes/bootstrap.kubeconfig';
const PROXY = '/etc/kubernetes/kube-proxy.kubeconfig';
const KEEPALIVED = '/etc/keepalived/keepalived.conf';
const NAMES = ['127.0.0.1', OLD, '192.168.1.41', 'kubernetes'];
const HOUR_MS = 3_600_000;
const served = { address: '192.168.1.41', port: 6443 };

export const SERVED = { [`${served.address}:${served.port}`]: pair.certFile };
export const UNITS: Readonly<Record<HostId, UnitFiles>> = {
  [MASTER]: { 'kube-apiserver.service': [pair.keyFile, pair.certFile], 'kubelet.service': [BOOTSTRAP, KUBELET] },
  [BALANCER]: { 'keepalived.service': [KEEPALIVED], 'kubelet.service': [KUBELET], 'kube-proxy.service': [PROXY] },
};

export const hostFolder = (folder: string, host: HostId): string => join(folder, host);
export const hostOf = (folder: string, host: HostId) => sandboxHost(hostFolder(folder, host), UNITS[host] ?? {}, SERVED);

type Files = Readonly<Record<string, readonly [text: string, mode: number]>>;

/** Lays out both hosts in `folder`, and the cluster's CA beside them; hands back the plan. */
export async function layOut(folder: string): Promise<Plan> {
  const pki = await clusterPki();
  const master: Files = {
    [pair.certFile]: [pki.certPem, 0o644],
    [pair.keyFile]: [pki.keyPem, 0o600],
    [pair.caFile]: [pki.ca, 0o644],
    [KUBELET]: [KUBELET_KUBECONFIG, 0o600],
    [BOOTSTRAP]: [ADMIN_KUBECONFIG, 0o640],
  };
  const balancer: Files = {
    [KEEPALIVED]: [KEEPALIVED_MASTER, 0o640],
    [KUBELET]: [KUBELET_KUBECONFIG, 0o600],
    [PROXY]: [KUBELET_KUBECONFIG, 0o400],
    '/etc/ansible/hosts': [INVENTORY, 0o644],
  };
  await putFiles(hostFolder(folder, MASTER), master);
  await putFiles(hostFolder(folder, BALANCER), balancer);
  await writeFile(join(folder, 'ca.pem'), pki.ca);
  await writeFile(join(folder, 'ca-key.pem'), pki.caKey);
  for (const host of HOSTS) {
    await mkdir(join(rootOf(hostFolder(folder, host)), 'run'), { recursive: true });
    startAll(hostFolder(folder, host), UNITS[host] ?? {});
  }
  return planned(folder);
}

/** Elliptic curves: a key is made in a millisecond. */
async function clusterPki() {
  const [ca, leaf] = [generateKeyPairSync('ec', { namedCurve: 'prime256v1' }), generateKeyPairSync('ec', { namedCurve: 'prime256v1' })];
  const pem = (key: typeof ca.privateKey): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const spki = (key: typeof ca.publicKey): Uint8Array => new Uint8Array(key.export({ type: 'spki', format: 'der' }));
  const validity = { notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + 24 * HOUR_MS) };
  const certificatePem = await issueSelfSignedCa('CN=kubernetes-ca', ca.privateKey, spki(ca.publicKey), validity);
  const caKey = pem(ca.privateKey);
  const certPem = await issueLeaf(
    { subject: 'O=k8s, CN=kubernetes', publicKey: spki(leaf.publicKey), names: NAMES, usages: ['server', 'client'], ...validity },
    { certificatePem, keyPem: caKey },
  );
  return { ca: certificatePem, caKey, certPem, keyPem: pem(leaf.privateKey) };
}

async function putFiles(folder: string, files: Files): Promise<void> {
  for (const [path, [text, mode]] of Object.entries(files)) {
    const file = join(rootOf(folder), path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
    await chmod(file, mode);
  }
}

async function planned(folder: string): Promise<Plan> {
  const answers = new Map<HostId, DryRunAnswer>();
  for (const host of HOSTS) answers.set(host, await dryRun(hostOf(folder, host), actionFor, { steps: stepsOfHost(draft, host) }));
  const completed = completePlan(draft, answers, { confirmWithinMs: 600_000 });
  if (!completed.ok) throw new Error(`cannot lay out a trial: ${completed.reasons.join('; ')}`);
  return completed.plan;
}

const step = (host: HostId, name: string, kind: string, params: StepDraft['params'], inputs: StepDraft['inputs'] = []): StepDraft => ({
  id: stepId(`${host}/${name}`),
  host,
  kind,
  version: 1,
  params,
  inputs,
});
const heard = gate('agents-heard', { params: { hosts: [...HOSTS], withinMs: 60_000 }, giveUpAfterMs: 120_000, onGiveUp: 'hold' });
const wave = (title: string, steps: readonly StepDraft[]): WaveDraft => ({ title, steps, exit: [heard], back: [heard] });
const reader = (unit: string) => ({ unit, health: { url: 'http://127.0.0.1:10248/healthz', withinMs: 20_000 } });
const vrrp = {
  file: KEEPALIVED,
  staged: `${KEEPALIVED}.reberth`,
  change: { op: 'add', like: 'VI-kube-master', name: 'VI-kube-master-r58', virtualRouterId: 58, address: NEW },
};
const shared: Pick<StageDraft, 'why' | 'commit' | 'promises' | 'enter' | 'exit'> = {
  why: '',
  commit: false,
  promises: ['from'],
  enter: [],
  exit: [heard],
};

const draft: PlanDraft = {
  ...emptyPlan([]),
  cluster: CLUSTER,
  hosts: HOSTS.map((id) => ({ id, address: id, roles: [] })),
  stages: [
    {
      ...shared,
      id: stageId('widen'),
      title: 'widen',
      onFailure: 'undo-stage',
      waves: [
        wave('certificate', [
          step(MASTER, 'request', 'serving-certificate-requested', { ...pair, addAddresses: [NEW], removeAddresses: [] }),
          step(
            MASTER,
            'install',
            'serving-certificate-installed',
            { ...pair, mustCover: [...NAMES, NEW], served, reader: reader('kube-apiserver.service') },
            [{ name: 'certificate', from: stepId(`${MASTER}/request`), signedAs: 'serving-certificate' }],
          ),
          step(BALANCER, 'stage', 'vrrp-instance-staged', vrrp),
        ]),
        wave('address', [
          step(BALANCER, 'load', 'vrrp-instance-loaded', {
            ...vrrp,
            unit: 'keepalived.service',
            networkInterface: 'eth0',
            address: NEW,
            keep: [OLD],
          }),
        ]),
      ],
    },
    {
      ...shared,
      id: stageId('switch'),
      title: 'switch',
      onFailure: 'undo-all',
      waves: [
        wave('readers', [
          step(MASTER, 'kubelet', 'kubeconfig-server', { files: [BOOTSTRAP, KUBELET], ...urls, reader: reader('kubelet.service') }),
          step(BALANCER, 'kubelet', 'kubeconfig-server', { files: [KUBELET], ...urls, reader: reader('kubelet.service') }),
          step(BALANCER, 'proxy', 'kubeconfig-server', { files: [PROXY], ...urls, reader: reader('kube-proxy.service') }),
        ]),
        wave('sources', [
          step(BALANCER, 'inventory', 'inventory-variables', {
            file: '/etc/ansible/hosts',
            section: 'all:vars',
            set: [
              { name: 'MASTER_IP', from: OLD, to: NEW },
              { name: 'KUBE_APISERVER', ...urls },
            ],
          }),
        ]),
      ],
    },
  ],
};

export const readPlan = async (file: string): Promise<Plan> => JSON.parse(await readFile(file, 'utf8'));
