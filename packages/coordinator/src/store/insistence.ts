/**
 * Asks a NATS cluster until it answers or the time is up. A cluster that loses a server is silent or full of errors for some seconds while it
 * elects, so a single failure means nothing; whoever asks must make repeats harmless. What is settled, one way or the other, the attempt
 * returns; whatever it throws is tried again.
 */
import { setTimeout } from 'node:timers/promises';
import type { NatsConnection } from '@nats-io/transport-node';
import type { SteadyConnection } from '@reberth/daemon/steady-connection.ts';
import { messageOf } from '@reberth/protocol/errors.ts';

const AGAIN_MS = 200;

/** Rejects with the last reason. */
export async function insist<T>(
  steady: SteadyConnection,
  withinMs: number,
  attempt: (connection: NatsConnection, leftMs: number) => Promise<T>,
): Promise<T> {
  const untilMs = performance.now() + withinMs;
  let why: unknown;
  for (let leftMs = withinMs; leftMs > 0; leftMs = untilMs - performance.now()) {
    const connection = steady.current();
    try {
      if (connection === undefined) throw new Error(`not connected (${steady.status().why})`);
      return await attempt(connection, leftMs);
    } catch (error) {
      why = error;
    }
    await setTimeout(Math.min(AGAIN_MS, leftMs));
  }
  throw new Error(`no answer within ${Math.round(withinMs / 1000)} s: ${messageOf(why)}`, { cause: why });
}
