/** A health report, or one every interval until the caller goes away. */
import { setTimeout } from 'node:timers/promises';
import * as v from 'valibot';
import { json, streaming } from '../method.ts';

const SHORTEST_INTERVAL_MS = 500;
const DEFAULT_INTERVAL_MS = 2_000;

export const health = streaming({
  name: 'Health',
  request: v.object({ watch: v.boolean(), intervalMs: v.number() }),
  async *handle(service, { watch, intervalMs }, { signal }) {
    const pauseMs = Math.max(SHORTEST_INTERVAL_MS, intervalMs || DEFAULT_INTERVAL_MS);
    do {
      yield json(await service.health(signal));
      if (watch) await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined);
    } while (watch && !signal.aborted);
  },
});
