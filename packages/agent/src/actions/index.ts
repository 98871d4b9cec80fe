/** Every change that this agent may make. The list is kept by hand: it is what a reader checks to learn what this program can do to a host. */
import type { Action } from './action.ts';
import { inventoryVariables } from './inventory-variables.ts';
import { kubeconfigServer } from './kubeconfig-server.ts';
import { servingCertificateInstalled } from './serving-certificate-installed.ts';
import { servingCertificateRequested } from './serving-certificate-requested.ts';
import { signingRequestHosts } from './signing-request-hosts.ts';
import { unitRestarted } from './unit-restarted.ts';
import { vrrpInstanceLoaded } from './vrrp-instance-loaded.ts';
import { vrrpInstanceStaged } from './vrrp-instance-staged.ts';

/** An action whose parameters its own schema has yet to accept. */
export type AnyAction = Action<unknown, unknown>;

export const actions: readonly AnyAction[] = [
  inventoryVariables,
  kubeconfigServer,
  servingCertificateInstalled,
  servingCertificateRequested,
  signingRequestHosts,
  unitRestarted,
  vrrpInstanceLoaded,
  vrrpInstanceStaged,
] as readonly AnyAction[];

export const actionFor = (kind: string, version: number): AnyAction | undefined =>
  actions.find((action) => action.kind === kind && action.version === version);
