/** This host's clock: what it says, and whether a time source disciplines it. Skew is for the asker to compute, who knows when it asked. */
import * as v from 'valibot';
import { defineProbe } from './probe.ts';

export const clockProbe = defineProbe({
  name: 'clock',
  params: v.object({}),
  async run({ host, senses }) {
    const synchronised = await senses.clockSynchronised();
    return { nowMs: host.nowMs(), ...(synchronised === undefined ? {} : { synchronised }) };
  },
});
