/**
 * The health loop: one heartbeat per interval, and with it one word to systemd's watchdog.
 *
 * The watchdog is fed only by a beat that went all the way through, so only while
 * - the event loop turns (the beat ran), and
 * - the state folder takes a write (a journal that cannot be written must not be promised).
 * A lost connection to the broker is no reason to be killed: steps in hand still end, and the link comes back by itself. Beats never overlap;
 * one that hangs starves the watchdog, which is what the watchdog is for.
 */

import type { Notify } from '@reberth/daemon/notify.ts';
import { messageOf } from '@reberth/protocol/errors.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import type { Heartbeat, Observation } from '@reberth/protocol/query.ts';

/** Asking systemd costs a process; how units fare is told by gates when it matters. */
const UNITS_EVERY_MS = 30_000;

export interface HealthParts {
  readonly host: HostId;
  readonly agentVersion: string;
  readonly bootId: string;
  readonly intervalMs: number;
  /** Rejects when the state folder takes no write. */
  readonly touchState: () => Promise<void>;
  readonly units: () => Promise<Heartbeat['units']>;
  readonly openSteps: () => readonly string[];
  readonly epoch: () => number;
  readonly observations: () => readonly Observation[];
  readonly linkStatus: () => string;
  readonly publish: (heartbeat: Heartbeat) => Promise<void>;
  readonly notify: Notify;
  readonly clock: { nowMs(): number; sleep(ms: number, signal: AbortSignal): Promise<void> };
  readonly log: { warn(fields: object, message: string): void };
}

/** Beats until the signal. */
export async function runHealth(parts: HealthParts, signal: AbortSignal): Promise<void> {
  const beat = createBeat(parts);
  const startedAtMs = parts.clock.nowMs();
  for (let tick = 0; !signal.aborted; ) {
    await beat();
    tick = Math.max(tick + 1, Math.ceil((parts.clock.nowMs() - startedAtMs) / parts.intervalMs));
    await parts.clock.sleep(startedAtMs + tick * parts.intervalMs - parts.clock.nowMs(), signal);
  }
}

/** One beat; exported for the loop and its tests. */
export function createBeat(parts: HealthParts): () => Promise<void> {
  const { clock, notify, log } = parts;
  const startedAtMs = clock.nowMs();
  let units: Heartbeat['units'] = [];
  let unitsAtMs = Number.NEGATIVE_INFINITY;
  let said = '';

  return async () => {
    const problems: string[] = [];
    await parts.touchState().catch((error: unknown) => problems.push(`cannot write to the state folder: ${messageOf(error)}`));
    if (clock.nowMs() - unitsAtMs >= UNITS_EVERY_MS) {
      unitsAtMs = clock.nowMs();
      units = await parts.units().catch(() => units);
    }
    if (problems.length === 0) notify.watchdog();

    const openSteps = parts.openSteps();
    const status = [parts.linkStatus(), openSteps.length === 0 ? 'nothing in hand' : `in hand: ${openSteps.join(', ')}`, ...problems].join('; ');
    if (status !== said) {
      notify.status(status);
      if (problems.length > 0) log.warn({ problems }, 'not healthy');
      said = status;
    }
    const sentAtMs = Math.round(clock.nowMs());
    const heartbeat: Heartbeat = {
      host: parts.host,
      bootId: parts.bootId,
      agentVersion: parts.agentVersion,
      sentAtMs,
      uptimeMs: Math.round(sentAtMs - startedAtMs),
      openSteps: [...openSteps],
      epoch: parts.epoch(),
      units: [...units],
      problems,
      observations: [...parts.observations()],
    };
    // Not waited for: a broker that is away must not hold up the next beat.
    void parts.publish(heartbeat).catch(() => undefined);
  };
}
