/**
 * Virtual time. Things happen one after another, by time and then by order of asking; between two of them every promise that can go on has
 * gone on. Nobody waits for real, so an hour costs nothing and the same questions give the same answers.
 */
export interface Scheduler {
  nowMs(): number;
  at(delayMs: number, deed: () => void): void;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Lets things happen until `isOver` or that much time has passed. True: it is over. */
  run(limitMs: number, isOver: () => boolean): Promise<boolean>;
}

interface Due {
  readonly atMs: number;
  readonly order: number;
  readonly deed: () => void;
}

export const START_MS = Date.parse('2026-11-23T09:00:00Z');

export function createScheduler(): Scheduler {
  const due: Due[] = [];
  let nowMs = START_MS;
  let order = 0;

  const at = (delayMs: number, deed: () => void): void => {
    order += 1;
    const next: Due = { atMs: nowMs + Math.max(0, Math.round(delayMs)), order, deed };
    let place = due.length;
    // Soonest last, so that taking it is cheap; nearly all are soon.
    while (place > 0 && isSooner(due[place - 1] as Due, next)) place -= 1;
    due.splice(place, 0, next);
  };

  return {
    nowMs: () => nowMs,
    at,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        signal?.addEventListener('abort', () => resolve(), { once: true });
        at(ms, resolve);
      }),
    async run(limitMs, isOver) {
      const untilMs = nowMs + Math.round(limitMs);
      await settled();
      while (!isOver()) {
        const next = due.at(-1);
        if (next === undefined || next.atMs > untilMs) {
          nowMs = untilMs;
          return false;
        }
        due.pop();
        nowMs = next.atMs;
        next.deed();
        await settled();
      }
      return true;
    },
  };
}

const isSooner = (a: Due, b: Due): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

/** Every promise that can go on has gone on: Node empties that queue before it turns to the next round. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
