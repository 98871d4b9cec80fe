/** The cfssl requests from which this host's certificates were made: who makes them anew reads these. */
import type { Facts } from '@reberth/protocol/facts.ts';
import { readSigningRequest } from '../formats/signing-request.ts';
import { type FactContext, type Found, found, type Problem } from './fact.ts';
import { readAs } from './format.ts';

const FOLDERS = ['/etc/kubernetes/ssl', '/etc/etcd/ssl'] as const;

export async function signingRequestsFact(context: FactContext): Promise<Found<Facts['signingRequests']>> {
  const requests: Facts['signingRequests'] = [];
  const problems: Problem[] = [];
  for (const folder of FOLDERS) {
    for (const name of await context.host.list(folder)) {
      if (!name.endsWith('-csr.json')) continue;
      const path = `${folder}/${name}`;
      const read = await readAs(context, path, readSigningRequest);
      problems.push(...read.problems);
      if (read.value !== undefined) requests.push({ path, cn: read.value.cn, hosts: [...read.value.hosts] });
    }
  }
  return found(requests, problems);
}
