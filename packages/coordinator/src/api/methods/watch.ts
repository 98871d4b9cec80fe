/** Stored events after a number, then live ones until the rollout ends or is held. */
import { canonicalJson } from '@reberth/protocol/canonical.ts';
import * as v from 'valibot';
import { streaming } from '../method.ts';

export const watch = streaming({
  name: 'Watch',
  request: v.object({ rollout: v.string(), afterSeq: v.pipe(v.union([v.string(), v.number()]), v.transform(Number)), follow: v.boolean() }),
  async *handle(service, { rollout, afterSeq, follow }, { signal }) {
    for await (const event of service.events(rollout, afterSeq, follow, signal)) yield { json: Buffer.from(canonicalJson(event)) };
  },
});
