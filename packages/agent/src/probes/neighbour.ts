/**
 * Whether somebody on this host's segment answers to an IPv4 address, asked by ARP: a firewall hides a host from ping, not from ARP. The
 * kernel's neighbour table is not asked, because it goes on naming a host for half a minute after that gave the address up.
 */
import * as v from 'valibot';
import { defineProbe } from './probe.ts';

/** Five questions; a host that is there answers the first or second. */
const LISTEN_MS = 2_000;

export const neighbourProbe = defineProbe({
  name: 'neighbour',
  params: v.object({ address: v.pipe(v.string(), v.ipv4('must be an IPv4 address')) }),
  async run({ host, senses }, { address }): Promise<{ readonly local: boolean; readonly claimedBy?: string }> {
    if ((await host.addresses()).some((held) => held.address === address)) return { local: true };
    const route = await senses.routeTo(address);
    // Behind a gateway it is on another segment, where nobody here could be in its way.
    if (route === undefined || route.gateway !== undefined) return { local: false };
    const [claimedBy] = await senses.arpAnswers(route.networkInterface, address, LISTEN_MS);
    return claimedBy === undefined ? { local: false } : { local: false, claimedBy };
  },
});
