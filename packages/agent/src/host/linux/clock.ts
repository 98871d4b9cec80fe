/** Time for loops: `nowMs` is Unix time that only runs forward, and a sleep ends early with the signal and never rejects. */
import { setTimeout as wait } from 'node:timers/promises';

export interface LoopClock {
  nowMs(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
  await wait(Math.max(0, ms), undefined, { signal }).catch(() => undefined);
};

/** For measuring: a wall clock that is set in between would look like a gap. */
export const steadyClock: LoopClock = { nowMs: () => performance.timeOrigin + performance.now(), sleep };

/** For telling others when: what this host believes now. */
export const wallClock: LoopClock = { nowMs: () => Date.now(), sleep };
