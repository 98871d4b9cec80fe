/** The VRRP instances that keepalived is configured with. One instance that cannot be read makes the whole file a problem: nothing is guessed. */
import type { Facts } from '@reberth/protocol/facts.ts';
import { keepalivedIncludes, vrrpInstances } from '../formats/keepalived.ts';
import { type FactContext, type Found, found } from './fact.ts';
import { readAs } from './format.ts';

const FILE = '/etc/keepalived/keepalived.conf';

export async function keepalivedFact(context: FactContext, version: string): Promise<Found<Facts['keepalived']>> {
  const instances = await readAs(context, FILE, vrrpInstances);
  const includes = await readAs(context, FILE, keepalivedIncludes);
  if (instances.value === undefined || includes.value === undefined) return found(undefined, instances.problems);
  return found({
    file: FILE,
    version,
    instances: instances.value.map((instance) => ({
      ...instance,
      addresses: [...instance.addresses],
      excluded: [...instance.excluded],
      unicastPeers: [...instance.unicastPeers],
    })),
    includes: [...includes.value],
  });
}
