/**
 * Reads the replicated journal, from the leader of its stream and from no copy that may lag. What was damaged on the way or in the store is
 * refused by name, never shortened away.
 */
import { gunzipSync } from 'node:zlib';
import { jetstreamManager, type StoredMsg } from '@nats-io/jetstream';
import type { SteadyConnection } from '@reberth/daemon/steady-connection.ts';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import { type RolloutId, rolloutId } from '@reberth/protocol/ids.ts';
import { unframe } from '@reberth/protocol/record.ts';
import type { Subjects } from '@reberth/protocol/subjects.ts';
import { ENCODING } from './guarded-publish.ts';
import { insist } from './insistence.ts';

/** Twice the longest election that was seen when a server of three was killed (5.3 s, nats-server 2.9.10). */
const READ_WITHIN_MS = 10_000;

export const lastOn = (steady: SteadyConnection, stream: string, subject: string): Promise<StoredMsg | undefined> =>
  insist(steady, READ_WITHIN_MS, async (connection) => {
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    return (await streams.getMessage(stream, { last_by_subj: subject })) ?? undefined;
  });

export const endOf = (steady: SteadyConnection, stream: string): Promise<number> =>
  insist(steady, READ_WITHIN_MS, async (connection) => {
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    return (await streams.info(stream)).state.last_seq;
  });

export const rolloutsIn = (steady: SteadyConnection, { journalStream, allJournals }: Subjects): Promise<readonly RolloutId[]> =>
  insist(steady, READ_WITHIN_MS, async (connection) => {
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    const { state } = await streams.info(journalStream, { subjects_filter: allJournals });
    return Object.keys(state.subjects ?? {})
      .map((subject) => rolloutId(subject.slice(subject.lastIndexOf('.') + 1)))
      .sort();
  });

/** One request each: a journal has some hundred records and is read once in the life of a process. */
export async function messagesOn(steady: SteadyConnection, stream: string, subject: string): Promise<readonly StoredMsg[]> {
  const messages: StoredMsg[] = [];
  for (;;) {
    const from = (messages.at(-1)?.seq ?? 0) + 1;
    const next = await insist(steady, READ_WITHIN_MS, async (connection) => {
      const { streams } = await jetstreamManager(connection, { checkAPI: false });
      // The server has known this since 2.9; the client's types have not.
      const query: { readonly seq: number; readonly next_by_subj: string } = { seq: from, next_by_subj: subject };
      return streams.getMessage(stream, query);
    });
    if (next === null) return messages;
    messages.push(next);
  }
}

export function opened(rollout: RolloutId, stored: readonly StoredMsg[]): { readonly events: readonly RolloutEvent[]; readonly link: string } {
  const damaged = (why: string) => new ReberthError('journal-damaged', `cannot read the journal of ${rollout} in NATS: ${why}`);
  try {
    const lines = stored.map(({ data, header }) => (header.get(ENCODING) === 'gzip' ? gunzipSync(data) : data));
    const records = unframe(Buffer.concat(lines));
    if (!records.ok) throw damaged(`record ${records.line}: ${records.why}`);
    const events = records.bodies as readonly RolloutEvent[];
    const odd = events.findIndex((event, index) => event.seq !== index + 1 || event.rollout !== rollout);
    if (odd !== -1 || records.tornTail > 0 || events.length !== stored.length) throw damaged(`record ${odd + 1} is not what belongs there`);
    return { events, link: records.link };
  } catch (cause) {
    throw cause instanceof ReberthError ? cause : damaged(messageOf(cause));
  }
}

export function epochOf(last: StoredMsg | undefined, subject: string): number {
  const epoch = Number(last?.string().trim() ?? '0');
  if (!Number.isSafeInteger(epoch) || epoch < 0) throw new ReberthError('journal-damaged', `cannot read ${subject} in NATS: it is no epoch`);
  return epoch;
}
