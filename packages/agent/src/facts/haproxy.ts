/** Where haproxy listens on this host and which servers are behind. */
import type { Facts } from '@reberth/protocol/facts.ts';
import { haproxyFrontends } from '../formats/haproxy.ts';
import { type FactContext, type Found, found } from './fact.ts';
import { readAs } from './format.ts';

const FILE = '/etc/haproxy/haproxy.cfg';

export async function haproxyFact(context: FactContext): Promise<Found<Facts['haproxy']>> {
  const { value, problems } = await readAs(context, FILE, haproxyFrontends);
  if (value === undefined) return found(undefined, problems);
  return found({ file: FILE, frontends: value.map(({ name, binds, servers }) => ({ name, binds: [...binds], servers: [...servers] })) });
}
