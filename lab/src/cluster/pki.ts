/** The cluster's authority and all it signed, kept in the lab's folder so that a second run finds the same. */
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type HostPlan, VIP } from '../hosts.ts';
import { issue, makeAuthority, type Pair, type Wanted } from './certificate.ts';
import { DOMAIN, SERVICE_IP } from './layout.ts';

export const AUTHORITY: Wanted = { commonName: 'kubernetes', organization: 'k8s' };
export const ADMIN: Wanted = { commonName: 'admin', organization: 'system:masters' };
export const KUBE_PROXY: Wanted = { commonName: 'system:kube-proxy', organization: 'k8s' };
export const CONTROLLER_MANAGER: Wanted = { commonName: 'system:kube-controller-manager', organization: 'k8s' };
export const SCHEDULER: Wanted = { commonName: 'system:kube-scheduler', organization: 'k8s' };

/** Of one master: covers the virtual address and the master's own. */
export const kubernetesOf = ({ address }: HostPlan): Wanted => ({
  commonName: 'kubernetes',
  organization: 'k8s',
  hosts: [
    ...['127.0.0.1', VIP, address, SERVICE_IP],
    ...['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster', `kubernetes.default.svc.${DOMAIN}`],
  ],
});

export const etcdOf = ({ address }: HostPlan): Wanted => ({ commonName: 'etcd', organization: 'k8s', hosts: ['127.0.0.1', address] });

export class Pki {
  readonly authority: Pair;
  readonly #folder: string;
  /** Two that want the same at once get the same. */
  readonly #pairs = new Map<string, Promise<Pair>>();

  private constructor(folder: string, authority: Pair) {
    this.#folder = folder;
    this.authority = authority;
  }

  static async open(folder: string): Promise<Pki> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new Pki(folder, await kept(folder, 'ca', () => makeAuthority(AUTHORITY)));
  }

  pair(name: string, wanted: Wanted): Promise<Pair> {
    const pair = this.#pairs.get(name) ?? kept(this.#folder, name, () => issue(this.authority, wanted));
    this.#pairs.set(name, pair);
    return pair;
  }
}

async function kept(folder: string, name: string, make: () => Promise<Pair>): Promise<Pair> {
  const certificateFile = join(folder, `${name}.pem`);
  const keyFile = join(folder, `${name}-key.pem`);
  if (existsSync(certificateFile)) return { certificate: await readFile(certificateFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
  const pair = await make();
  // The certificate last: its being there says that the key is.
  await writeFile(keyFile, pair.key, { mode: 0o600 });
  await writeFile(certificateFile, pair.certificate);
  return pair;
}
