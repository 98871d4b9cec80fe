/**
 * Who on this host talks over TCP with an address and port on either end, from the kernel's table of established connections. Reberth's own
 * connections are left out: whoever looks is not a user. Connections inside other network namespaces (pods) are not in this table.
 */
import * as v from 'valibot';
import { defineProbe } from './probe.ts';
import { establishedTcp } from './tcp-table.ts';

/** Units of Reberth itself, which probe both endpoints all the time. */
const OWN = new Set(['reberth-agent', 'reberth-coordinator']);

export const connectionsProbe = defineProbe({
  name: 'connections',
  params: v.object({ address: v.string(), port: v.number() }),
  async run({ senses }, { address, port }) {
    const tables = await Promise.all([senses.kernelTable('/proc/net/tcp'), senses.kernelTable('/proc/net/tcp6')]);
    const wanted = `${address}:${port}`;
    const talking = tables.flatMap(establishedTcp).filter(({ local, remote }) => local === wanted || remote === wanted);
    const holders = talking.length === 0 ? new Map<string, string>() : await senses.holdersOf(new Set(talking.map(({ inode }) => inode)));
    const peers = talking.flatMap(({ local, remote, inode }) => {
      const process = holders.get(inode);
      if (process !== undefined && OWN.has(process)) return [];
      return [{ local, remote, ...(process === undefined ? {} : { process }) }];
    });
    return { peers };
  },
});
