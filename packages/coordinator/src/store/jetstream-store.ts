/**
 * The journal of decisions replicated in an external NATS cluster: one message per event, framed like a line of the file, on one subject per
 * rollout in one stream.
 *
 * - A writer states where the stream ends. Another's event, or another's epoch, refuses it: two writers can never both append.
 * - An epoch is a message in the same stream, so taking one shuts out whoever wrote before, in all rollouts at once.
 * - After a refusal, or an append whose end is not known, this store appends nothing more. A new one reads what is there.
 * - Everything is read from the stream's leader; what an outdated leader leaves out shows at the next append.
 */
import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { type SteadyConnection, steadyConnection } from '@reberth/daemon/steady-connection.ts';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import type { RolloutId } from '@reberth/protocol/ids.ts';
import { CHAIN_START, frame } from '@reberth/protocol/record.ts';
import { type Subjects, subjectsOf } from '@reberth/protocol/subjects.ts';
import type { LeasePort } from '../leadership/lease.ts';
import { guardedPublish } from './guarded-publish.ts';
import { insist } from './insistence.ts';
import { jetstreamLease } from './jetstream-lease.ts';
import { endOf, epochOf, lastOn, messagesOn, opened, rolloutsIn } from './jetstream-reads.ts';
import { ensureJournalStreams } from './jetstream-streams.ts';
import type { Store } from './store.ts';

export interface JetstreamOptions {
  readonly cluster: string;
  /** `address:port`; three or more mean three copies. */
  readonly servers: readonly string[];
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
}

export interface JetstreamJournal {
  readonly store: Store;
  readonly lease: LeasePort;
  /** What the server told when it greeted; empty while there is none. */
  serverVersion(): string;
}

/** Twice the longest election that was seen when a server of three was killed (5.3 s, nats-server 2.9.10). */
const STORE_WITHIN_MS = 10_000;
/** An epoch is taken over somebody's head: while he writes, the end of the stream moves. */
const EPOCH_ATTEMPTS_MAX = 20;
/** Below NATS's default of 1 MiB by far, and worth the work. */
const GZIP_FROM_BYTES = 64 * 1024;

export const replicasFor = (servers: readonly string[]): number => (servers.length >= 3 ? 3 : 1);

/** Connects in the background; what is asked before waits for it, within limits. */
export function jetstreamJournal(options: JetstreamOptions): JetstreamJournal {
  const subjects = subjectsOf(options.cluster);
  const steady = steadyConnection({ ...options, name: 'coordinator journal', inboxPrefix: '_INBOX_coordinator', onSession: async () => undefined });
  let made: Promise<void> | undefined;
  const ready = (): Promise<void> => {
    made ??= insist(steady, STORE_WITHIN_MS, (connection) => ensureJournalStreams(connection, subjects, replicasFor(options.servers))).catch(
      (error) => {
        made = undefined;
        throw error;
      },
    );
    return made;
  };
  return {
    store: createStore(steady, subjects, ready),
    lease: jetstreamLease(steady, subjects, ready),
    serverVersion: () => steady.current()?.info?.version ?? '',
  };
}

/** Where one rollout ends. */
interface Tail {
  readonly seq: number;
  readonly link: string;
  readonly streamSeq: number;
}

function createStore(steady: SteadyConnection, subjects: Subjects, ready: () => Promise<void>): Store {
  const writer = randomUUID();
  const stream = subjects.journalStream;
  const tails = new Map<RolloutId, Tail>();
  /** Where the stream ends, as far as this writer may think; unknown until it writes. */
  let end: number | undefined;
  let broken: ReberthError | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(work);
    queue = turn.catch(() => undefined);
    return turn;
  };

  async function readAll(rollout: RolloutId): Promise<readonly RolloutEvent[]> {
    await ready();
    const stored = await messagesOn(steady, stream, subjectOf(subjects, rollout));
    const { events, link } = opened(rollout, stored);
    tails.set(rollout, { seq: events.length, link, streamSeq: stored.at(-1)?.seq ?? 0 });
    return events;
  }

  async function tailOf(rollout: RolloutId): Promise<Tail> {
    if (!tails.has(rollout)) await readAll(rollout);
    return tails.get(rollout) ?? { seq: 0, link: CHAIN_START, streamSeq: 0 };
  }

  async function append(event: RolloutEvent): Promise<void> {
    if (broken !== undefined) throw broken;
    end ??= await answered('read', subjects.journalStream, () => endOf(steady, stream));
    const tail = await tailOf(event.rollout);
    if (event.seq !== tail.seq + 1)
      throw new ReberthError('internal', `cannot store event ${event.seq} of ${event.rollout}: the next is ${tail.seq + 1}`);
    const { line, link } = frame(tail.link, event);
    const message = {
      stream,
      subject: subjectOf(subjects, event.rollout),
      id: `${writer}.${event.rollout}.${event.seq}`,
      ...packed(line),
      // An empty stream has no last sequence that could be stated.
      expect: { lastSubjectSequence: tail.streamSeq, ...(end === 0 ? {} : { lastSequence: end }) },
    };
    refuseTooLarge(steady, event, message.bytes.length);
    try {
      const stored = await guardedPublish(steady, message, STORE_WITHIN_MS);
      if (stored === undefined) throw new Error('another coordinator has written to the journal since');
      end = stored;
      tails.set(event.rollout, { seq: event.seq, link, streamSeq: stored });
    } catch (cause) {
      broken = new ReberthError('storage-failed', `cannot store event ${event.seq} of ${event.rollout} in NATS: ${messageOf(cause)}`, {
        hint: 'reberth status: the coordinator that leads goes on from what is stored',
        cause,
      });
      throw broken;
    }
  }

  async function takeEpoch(): Promise<number> {
    for (let attempt = 0; attempt < EPOCH_ATTEMPTS_MAX; attempt += 1) {
      const endNow = await endOf(steady, stream);
      const last = await lastOn(steady, stream, subjects.journalEpoch);
      const epoch = epochOf(last, subjects.journalEpoch) + 1;
      const expect = { lastSubjectSequence: last?.seq ?? 0, ...(endNow === 0 ? {} : { lastSequence: endNow }) };
      const bytes = Buffer.from(`${epoch}\n`);
      const message = { stream, subject: subjects.journalEpoch, id: `${writer}.epoch.${epoch}.${attempt}`, bytes, expect };
      const stored = await guardedPublish(steady, message, STORE_WITHIN_MS);
      if (stored === undefined) continue;
      end = stored;
      tails.clear();
      return epoch;
    }
    throw new Error('others keep writing');
  }

  return {
    async rollouts() {
      return answered('read', stream, async () => {
        await ready();
        return rolloutsIn(steady, subjects);
      });
    },
    read: (rollout) => inTurn(() => answered('read', rollout, () => readAll(rollout))),
    append: (event) =>
      inTurn(async () => {
        await answered('reach', stream, ready);
        await append(event);
      }),
    takeEpoch: () =>
      inTurn(() =>
        answered('take an epoch from', stream, async () => {
          await ready();
          return takeEpoch();
        }),
      ),
    close: () => steady.close(),
  };
}

async function answered<T>(verb: string, what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    if (cause instanceof ReberthError) throw cause;
    throw new ReberthError('storage-failed', `cannot ${verb} ${what} in NATS: ${messageOf(cause)}`, { hint: 'reberth doctor', cause });
  }
}

function subjectOf(subjects: Subjects, rollout: RolloutId): string {
  const subject = subjects.journal(rollout);
  if (!subject.endsWith(`.${rollout}`)) throw new ReberthError('internal', `cannot store rollout ${rollout}: it is no name on the wire`);
  return subject;
}

function packed(line: string): { readonly bytes: Uint8Array; readonly encoding?: 'gzip' } {
  const bytes = Buffer.from(line);
  return bytes.length < GZIP_FROM_BYTES ? { bytes } : { bytes: gzipSync(bytes), encoding: 'gzip' };
}

/** Told apart from a failure of the cluster, because no repeat would help. */
function refuseTooLarge(steady: SteadyConnection, { rollout, seq }: RolloutEvent, bytes: number): void {
  const most = steady.current()?.info?.max_payload;
  if (most !== undefined && bytes + ENVELOPE_BYTES > most)
    throw new ReberthError('storage-failed', `cannot store event ${seq} of ${rollout} in NATS: it has ${bytes} bytes, and the broker takes ${most}`, {
      hint: 'raise max_payload in the configuration of the NATS servers',
    });
}

const ENVELOPE_BYTES = 1024;
