/**
 * Events of one rollout for those who watch: all that are stored, then new ones as they come, until the watcher leaves or `isOver` says
 * that nothing more will come by itself. A slow watcher holds nobody up.
 */
import type { RolloutEvent } from '@reberth/protocol/event.ts';

export interface Feed {
  push(event: RolloutEvent): void;
  follow(afterSeq: number, live: boolean, isOver: () => boolean, signal: AbortSignal): AsyncIterable<RolloutEvent>;
}

export function createFeed(stored: readonly RolloutEvent[]): Feed {
  const events = [...stored];
  const waiting = new Set<() => void>();
  const wake = (): void => {
    for (const resolve of waiting) resolve();
    waiting.clear();
  };
  return {
    push(event) {
      events.push(event);
      wake();
    },
    async *follow(afterSeq, live, isOver, signal) {
      signal.addEventListener('abort', wake, { once: true });
      for (let next = Math.max(0, afterSeq); !signal.aborted; ) {
        const event = events[next];
        if (event !== undefined) {
          next += 1;
          yield event;
        } else if (!live || isOver()) return;
        else await new Promise<void>((resolve) => waiting.add(resolve));
      }
    },
  };
}
