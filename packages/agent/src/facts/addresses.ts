/** The addresses on this host's interfaces. */
import type { Facts } from '@reberth/protocol/facts.ts';
import { type FactContext, type Found, found } from './fact.ts';

export async function addressesFact({ host }: FactContext): Promise<Found<Facts['addresses']>> {
  return found((await host.addresses()).map(({ networkInterface, address }) => ({ networkInterface, address })));
}
