/** Waits for a state by looking again and again. Every wait has a limit and says what it was for. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Shared machines are several times slower at some moments. */
export const PATIENCE_MS = 300_000;
const LOOK_EVERY_MS = 200;

/** `look` answers `true`, or what is still missing. */
export async function until(what: string, look: () => Promise<true | string>, limitMs: number = PATIENCE_MS): Promise<void> {
  const end = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen === true) return;
    if (Date.now() > end) throw new Error(`cannot see ${what} within ${limitMs / 1000} s: ${seen}`);
    await sleep(LOOK_EVERY_MS);
  }
}
