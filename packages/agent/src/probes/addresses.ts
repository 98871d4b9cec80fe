/** The addresses on this host's interfaces, as they are now: how holders of a virtual address are counted. */
import * as v from 'valibot';
import { defineProbe } from './probe.ts';

export const addressesProbe = defineProbe({
  name: 'addresses',
  params: v.object({ networkInterface: v.optional(v.string()) }),
  run: ({ host }, { networkInterface }) => host.addresses(networkInterface),
});
