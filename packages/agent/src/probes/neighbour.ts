/**
 * Whether somebody on this host's segment answers to an address, asked by ARP: a firewall hides a host from ping, not from ARP. One
 * datagram makes the kernel ask; its neighbour table has the answer. A stale entry is no answer: the kernel is made to ask again and heard out.
 */
import * as v from 'valibot';
import { defineProbe } from './probe.ts';
import type { Neighbour } from './senses.ts';

const LOOK_EVERY_MS = 100;
/** The kernel asks once a second; a host that is there answers the first or second time. */
const SILENT_AFTER_MS = 2_500;
/** An entry from earlier: 5 s until the kernel doubts it, then three questions of 1 s. */
const DOUBT_AFTER_MS = 9_000;

export const neighbourProbe = defineProbe({
  name: 'neighbour',
  params: v.object({ address: v.pipe(v.string(), v.ip('must be an IP address')) }),
  async run({ host, senses }, { address }): Promise<{ readonly local: boolean; readonly claimedBy?: string }> {
    if ((await host.addresses()).some((held) => held.address === address)) return { local: true };
    const startedAtMs = host.nowMs();
    let seen: Neighbour | undefined;
    for (;;) {
      // Asked again while the kernel doubts: only traffic makes it go on from DELAY to PROBE.
      await senses.knock(address);
      await host.sleep(LOOK_EVERY_MS);
      seen = await senses.neighbour(address);
      const waitedMs = host.nowMs() - startedAtMs;
      const standing = judge(seen);
      if (standing === 'claimed') break;
      if (standing === 'silent' && waitedMs >= SILENT_AFTER_MS) return { local: false };
      // Heard out and still neither: whoever had it last is taken to have it, which refuses rather than collides.
      if (waitedMs >= DOUBT_AFTER_MS) break;
    }
    return seen?.mac === undefined ? { local: false } : { local: false, claimedBy: seen.mac };
  },
});

function judge(seen: Neighbour | undefined): 'claimed' | 'silent' | 'doubtful' {
  if (seen === undefined || seen.mac === undefined) return 'silent';
  if (seen.state === 'REACHABLE' || seen.state === 'PERMANENT') return 'claimed';
  return seen.state === 'FAILED' || seen.state === 'INCOMPLETE' ? 'silent' : 'doubtful';
}
