/**
 * Fetches the latest ask that the broker keeps for one host, by a direct get of its subject: the only JetStream call that an agent is allowed.
 * The stream may not be there yet (a wiped broker, a coordinator that has not started), so it tries until the connection ends.
 */
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { messageOf } from '@reberth/protocol/errors.ts';
import type { LinkLog } from './link.ts';

const RETRY_MS = { first: 500, most: 30_000 } as const;

/** Undefined: nothing is kept, or the connection ended first. */
export async function fetchKeptAsk(connection: NatsConnection, stream: string, subject: string, log: LinkLog): Promise<Uint8Array | undefined> {
  for (let delayMs: number = RETRY_MS.first; !connection.isClosed(); delayMs = Math.min(delayMs * 2, RETRY_MS.most)) {
    try {
      const manager = await jetstreamManager(connection, { checkAPI: false });
      const kept = await manager.direct.getMessage(stream, { last_by_subj: subject });
      return kept?.data;
    } catch (error) {
      if (connection.isClosed()) return undefined;
      if (delayMs === RETRY_MS.first) log.info({ why: messageOf(error) }, 'cannot fetch the latest ask yet');
    }
    await pauseOrClosed(connection, delayMs);
  }
  return undefined;
}

async function pauseOrClosed(connection: NatsConnection, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const pause = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([pause, connection.closed()]);
  clearTimeout(timer);
}
