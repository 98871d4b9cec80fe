/** What every journal of decisions promises, told once. Run by file and memory here and by the replicated one in test/integration. */
import type { Store } from '@reberth/coordinator/store/store.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import { type RolloutId, rolloutId } from '@reberth/protocol/ids.ts';
import type { ExecutionContext, TestFn } from 'ava';

export const ROLLOUT = rolloutId('r-1');
export const event = (seq: number, rollout: RolloutId = ROLLOUT): RolloutEvent => ({
  rollout,
  seq,
  atMs: seq,
  body: { type: 'paused', by: `operator ${seq}` },
});

/** Opens the same journal again at every call. */
export type OpenStore = () => Promise<Store>;

export function storeConformance<Context>(
  test: TestFn<Context>,
  kind: string,
  journal: (t: ExecutionContext<Context>) => Promise<OpenStore> | OpenStore,
): void {
  const withStore = (title: string, body: (t: ExecutionContext<Context>, store: Store, open: OpenStore) => Promise<void>): void => {
    test(`${kind}: ${title}`, async (t) => {
      const open = await journal(t);
      const store = await open();
      try {
        await body(t, store, open);
      } finally {
        await store.close();
      }
    });
  };

  withStore('what was appended is read back in order', async (t, store) => {
    for (const seq of [1, 2, 3]) await store.append(event(seq));
    t.deepEqual(await store.read(ROLLOUT), [event(1), event(2), event(3)]);
    t.deepEqual(await store.rollouts(), [ROLLOUT]);
  });

  withStore('rollouts are told apart, and an unknown one has no events', async (t, store) => {
    const other = rolloutId('r-2');
    await store.append(event(1));
    await store.append(event(1, other));
    await store.append(event(2));
    t.deepEqual(await store.rollouts(), [ROLLOUT, other]);
    t.deepEqual(await store.read(other), [event(1, other)]);
    t.deepEqual(await store.read(ROLLOUT), [event(1), event(2)]);
    t.deepEqual(await store.read(rolloutId('r-3')), []);
  });

  withStore('an event out of turn is refused and nothing is kept of it', async (t, store) => {
    await store.append(event(1));
    await t.throwsAsync(store.append(event(3)), { message: /the next is 2/ });
    await t.throwsAsync(store.append(event(1)), { message: /the next is 2/ });
    await store.append(event(2));
    t.deepEqual(await store.read(ROLLOUT), [event(1), event(2)]);
  });

  withStore('an event of several hundred kilobytes comes back whole', async (t, store) => {
    const large: RolloutEvent = { ...event(1), body: { type: 'paused', by: 'operator '.repeat(50_000) } };
    await store.append(large);
    await store.append(event(2));
    t.deepEqual(await store.read(ROLLOUT), [large, event(2)]);
  });

  withStore('every epoch taken is higher than the one before', async (t, store) => {
    t.deepEqual([await store.takeEpoch(), await store.takeEpoch(), await store.takeEpoch()], [1, 2, 3]);
    await store.append(event(1));
    t.is(await store.takeEpoch(), 4);
    t.deepEqual(await store.rollouts(), [ROLLOUT]);
  });

  withStore('opened again it goes on where it ended, epochs too', async (t, store, open) => {
    await store.append(event(1));
    t.is(await store.takeEpoch(), 1);
    await store.close();
    const again = await open();
    t.is(await again.takeEpoch(), 2);
    t.deepEqual(await again.read(ROLLOUT), [event(1)]);
    await again.append(event(2));
    t.deepEqual(await again.read(ROLLOUT), [event(1), event(2)]);
    await again.close();
  });
}
