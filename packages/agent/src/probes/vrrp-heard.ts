/**
 * Which virtual routers announce themselves on an interface: how a taken router id is found before anything is changed. Hears what this
 * host would hear; adverts that this host sends itself, and unicast ones between others, are not among them.
 */
import * as v from 'valibot';
import { defineProbe } from './probe.ts';

const LISTEN_MS_MAX = 30_000;

const Advert = v.object({
  virtualRouterId: v.number(),
  source: v.string(),
  priority: v.number(),
  version: v.number(),
  addresses: v.array(v.string()),
});
type Heard = v.InferOutput<typeof Advert>;

export const vrrpHeardProbe = defineProbe({
  name: 'vrrp-heard',
  params: v.object({
    networkInterface: v.pipe(v.string(), v.regex(/^[^\s/]{1,15}$/)),
    forMs: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(LISTEN_MS_MAX)),
  }),
  async run({ senses }, { networkInterface, forMs }): Promise<readonly Heard[]> {
    const heard = new Map<string, Heard>();
    for (const line of await senses.vrrpAdverts(networkInterface, forMs)) {
      const advert = v.safeParse(v.pipe(v.string(), v.parseJson(), Advert), line);
      // The latest advert of each router on the segment stands for it.
      if (advert.success) heard.set(`${advert.output.virtualRouterId} ${advert.output.source}`, advert.output);
    }
    return [...heard.values()];
  },
});
