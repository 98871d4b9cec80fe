/**
 * Publishes one message on condition: it is stored exactly when the stream, or its subject, still ends where the writer thinks. A publish that
 * is not answered is repeated under the same id, and a refused repeat looks whether it was the earlier copy that got in.
 */
import { JetStreamApiError, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import type { SteadyConnection } from '@reberth/daemon/steady-connection.ts';
import { insist } from './insistence.ts';

/** JetStream's code for "wrong last sequence". */
const WRONG_LAST_SEQUENCE = 10071;
const MESSAGE_ID = 'Nats-Msg-Id';
const ATTEMPT_MS = 2_000;

export interface Guarded {
  readonly stream: string;
  readonly subject: string;
  readonly id: string;
  readonly bytes: Uint8Array;
  readonly encoding?: 'gzip';
  readonly expect: { readonly lastSequence?: number; readonly lastSubjectSequence?: number };
}

/** The sequence in the stream; `undefined`: somebody else was first, and nothing is stored. Rejects when that cannot be known in time. */
export function guardedPublish(steady: SteadyConnection, message: Guarded, withinMs: number): Promise<number | undefined> {
  return insist(steady, withinMs, async (connection, leftMs) => {
    const { stream, subject, id, bytes, encoding, expect } = message;
    const extra = headers();
    if (encoding !== undefined) extra.set(ENCODING, encoding);
    try {
      const timeout = Math.min(ATTEMPT_MS, leftMs);
      const stored = await jetstream(connection).publish(subject, bytes, {
        msgID: id,
        timeout,
        headers: extra,
        expect: { ...expect, streamName: stream },
      });
      return stored.seq;
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== WRONG_LAST_SEQUENCE) throw error;
      return ownCopy(connection, message);
    }
  });
}

export const ENCODING = 'Content-Encoding';

/** An earlier attempt of ours that was stored without our hearing of it is the last of its subject. */
async function ownCopy(connection: NatsConnection, { stream, subject, id }: Guarded): Promise<number | undefined> {
  const { streams } = await jetstreamManager(connection, { checkAPI: false });
  const last = await streams.getMessage(stream, { last_by_subj: subject });
  return last?.header.get(MESSAGE_ID) === id ? last.seq : undefined;
}
