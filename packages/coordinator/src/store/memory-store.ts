/** The journal of decisions in memory, for tests. Keeps what the file keeps, for as long as the object lives. */
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import type { RolloutId } from '@reberth/protocol/ids.ts';
import type { Store } from './store.ts';

export function memoryStore(): Store {
  const events = new Map<RolloutId, RolloutEvent[]>();
  let epoch = 0;
  return {
    rollouts: async () => [...events.keys()],
    read: async (rollout) => structuredClone(events.get(rollout) ?? []),
    async append(event) {
      const known = events.get(event.rollout) ?? [];
      if (event.seq !== known.length + 1) throw new Error(`cannot store event ${event.seq} of ${event.rollout}: the next is ${known.length + 1}`);
      events.set(event.rollout, [...known, structuredClone(event)]);
    },
    async takeEpoch() {
      epoch += 1;
      return epoch;
    },
    close: async () => undefined,
  };
}
