/** Deadlines of a host in memory, for tests and simulations: time passes when it is told to, and a start of the host forgets what was armed. */
import type { Deadlines } from './deadlines.ts';

export interface MemoryDeadlines extends Deadlines {
  pass(ms: number): void;
  /** The power was away: another boot, time begins anew, nothing is armed. */
  reboot(): void;
  /** What has rung by now. */
  rung(): readonly string[];
}

export function createMemoryDeadlines(): MemoryDeadlines {
  let boots = 1;
  let uptimeMs = 5_000;
  const ringsAt = new Map<string, number>();
  const tokens = (rung: boolean): readonly string[] => [...ringsAt].filter(([, atMs]) => atMs <= uptimeMs === rung).map(([token]) => token);
  return {
    now: async () => ({ boot: `boot-${boots}`, uptimeMs }),
    arm: async (token, inMs) => {
      if (!tokens(false).includes(token)) ringsAt.set(token, uptimeMs + inMs);
    },
    disarm: async (token) => {
      ringsAt.delete(token);
    },
    armed: async () => tokens(false),
    pass(ms) {
      uptimeMs += ms;
    },
    reboot() {
      boots += 1;
      uptimeMs = 1_000;
      ringsAt.clear();
    },
    rung: () => tokens(true),
  };
}
