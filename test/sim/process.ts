/**
 * A program that can be killed, stopped and failed at any call it makes of the world. Killed means that no call ever returns; stopped means
 * that everything returns later. What it did to the world before is done.
 */
import type { Scheduler } from './scheduler.ts';

/** What becomes of one call. `torn`: killed with half of it written. */
export type Fate = 'goes-well' | 'killed-before' | 'killed-after' | 'fails-before' | 'fails-after' | 'torn';

export interface CallOptions {
  readonly latencyMs?: number;
  /** Leaves half of the effect behind. */
  readonly tear?: () => void;
}

export interface Process {
  readonly name: string;
  isAlive(): boolean;
  /** Something from outside reaches the program: now, later when it is stopped, never when it is dead. */
  enter(deed: () => void): void;
  call<T>(point: string, effect: () => T | Promise<T>, options?: CallOptions): Promise<T>;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  kill(why: string): void;
  stop(): void;
  goOn(): void;
}

export interface ProcessParts {
  readonly name: string;
  readonly scheduler: Scheduler;
  fate(point: string): Fate;
  died(why: string): void;
}

export function startProcess({ name, scheduler, fate, died }: ProcessParts): Process {
  let alive = true;
  let stopped = false;
  const waiting: (() => void)[] = [];

  const enter = (deed: () => void): void => {
    if (!alive) return;
    if (stopped) waiting.push(deed);
    else deed();
  };
  const kill = (why: string): void => {
    if (!alive) return;
    alive = false;
    waiting.length = 0;
    died(why);
  };

  function happen<T>(point: string, effect: () => T | Promise<T>, tear: (() => void) | undefined): Promise<T> | 'never' {
    const what = fate(point);
    if (what === 'killed-before' || (what === 'torn' && tear === undefined)) {
      kill(`before ${point}`);
      return 'never';
    }
    if (what === 'torn') {
      tear?.();
      kill(`half way through ${point}`);
      return 'never';
    }
    if (what === 'fails-before') return Promise.reject(new Error(`${point}: input/output error`));
    const result = Promise.resolve().then(effect);
    if (what === 'goes-well') return result;
    if (what === 'fails-after') return result.then(() => Promise.reject(new Error(`${point}: input/output error, late`)));
    return result.then(() => {
      kill(`after ${point}`);
      return new Promise<T>(() => undefined);
    });
  }

  return {
    name,
    isAlive: () => alive,
    enter,
    call: (point, effect, { latencyMs = 0, tear } = {}) =>
      new Promise((resolve, reject) => {
        const go = (): void => {
          const result = happen(point, effect, tear);
          if (result === 'never') return;
          result.then(
            (value) => enter(() => resolve(value)),
            (error: unknown) => enter(() => reject(error)),
          );
        };
        if (latencyMs > 0) scheduler.at(latencyMs, () => enter(go));
        else enter(go);
      }),
    sleep: (ms, signal) => new Promise((resolve) => void scheduler.sleep(ms, signal).then(() => enter(resolve))),
    kill,
    stop() {
      stopped = true;
    },
    goOn() {
      stopped = false;
      for (const deed of waiting.splice(0)) enter(deed);
    },
  };
}
