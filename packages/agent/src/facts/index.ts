/**
 * All that a host tells of itself, collected now. The list of facts is kept by hand: it is what a reader checks to learn what leaves a host.
 * What cannot be read is among the problems, and the rest is told all the same.
 */
import type { Facts } from '@reberth/protocol/facts.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import { addressesFact } from './addresses.ts';
import { certificatesFact } from './certificates.ts';
import type { FactContext } from './fact.ts';
import { haproxyFact } from './haproxy.ts';
import { identityFact } from './identity.ts';
import { inventoryFact } from './inventory.ts';
import { keepalivedFact } from './keepalived.ts';
import { kubeconfigsFact } from './kubeconfigs.ts';
import { placesFact } from './places.ts';
import { signingRequestsFact } from './signing-requests.ts';
import { unitsFact } from './units.ts';
import { versionsFact } from './versions.ts';

export interface CollectContext extends FactContext {
  readonly self: HostId;
  readonly agentVersion: string;
}

/** `addresses`: those whose places are looked for. `inventoryFile`: where it is not the usual one. */
export async function collectFacts(context: CollectContext, addresses: readonly string[], inventoryFile?: string): Promise<Facts> {
  const { self, agentVersion, host } = context;
  const collectedAtMs = host.nowMs();
  const versions = await versionsFact(context);
  const identity = await identityFact(context, agentVersion);
  const held = await addressesFact(context);
  const units = await unitsFact(context);
  const { keepalived: keepalivedVersion = '' } = versions.value;
  const keepalived = await keepalivedFact(context, keepalivedVersion);
  const haproxy = await haproxyFact(context);
  const kubeconfigs = await kubeconfigsFact(context);
  const certificates = await certificatesFact(context);
  const signingRequests = await signingRequestsFact(context);
  const inventory = await inventoryFact(context, inventoryFile);
  const places = await placesFact(context, addresses);
  const all = [versions, identity, held, units, keepalived, haproxy, kubeconfigs, certificates, signingRequests, inventory, places];
  return {
    host: self,
    collectedAtMs,
    identity: identity.value,
    addresses: held.value,
    units: units.value,
    ...(keepalived.value === undefined ? {} : { keepalived: keepalived.value }),
    ...(haproxy.value === undefined ? {} : { haproxy: haproxy.value }),
    kubeconfigs: kubeconfigs.value,
    certificates: certificates.value,
    signingRequests: signingRequests.value,
    ...(inventory.value === undefined ? {} : { inventory: inventory.value }),
    versions: versions.value,
    places: places.value,
    problems: all.flatMap(({ problems }) => [...problems]),
  };
}
