/**
 * The wire over NATS. The stream of asks is made again at every connection, so a broker that was wiped serves again at once; what it had kept
 * is asked again by whoever wants it. A report counts only when it came on the subject of the host that it names, which the broker allows to
 * that host alone.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { jetstream } from '@nats-io/jetstream';
import { type Msg, type NatsConnection, RequestError, TimeoutError } from '@nats-io/transport-node';
import { type SteadyConnection, steadyConnection } from '@reberth/daemon/steady-connection.ts';
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { type AgentCodec, agentCodec } from '@reberth/protocol/codec/agent-codec.ts';
import { signAsk } from '@reberth/protocol/codec/signature.ts';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import type { Heartbeat, Query, QueryAnswer } from '@reberth/protocol/query.ts';
import { type Subjects, subjectsOf } from '@reberth/protocol/subjects.ts';
import { ensureAskStream } from './ask-stream.ts';
import { handlers, type WireLog } from './handlers.ts';
import type { QueryOptions, Wire } from './wire.ts';

export interface NatsWireOptions {
  readonly cluster: string;
  /** `address:port` */
  readonly servers: readonly string[];
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Ed25519 private key (PEM) that signs asks. */
  readonly signingKeyFile: string;
  /** Copies of the stream in a NATS cluster. */
  readonly replicas?: number;
  readonly log: WireLog;
  nowMs(): number;
}

const STORE_LIMIT_MS = 5_000;
/** In inboxes and for people. A host of this name is refused when the broker is configured. */
const OWN_NAME = 'coordinator';

/** Resolves when the signing key is read; connects in the background. Rejects only for a key that cannot be used. */
export async function natsWire(options: NatsWireOptions): Promise<Wire> {
  const { log, nowMs } = options;
  const signingKey = createPrivateKey(await readFile(options.signingKeyFile));
  const codec = agentCodec();
  const subjects = subjectsOf(options.cluster);
  const reports = handlers<[Report]>(log);
  const heartbeats = handlers<[Heartbeat, number]>(log);
  const hearReport = (message: Msg) => {
    const report = codec.decodeReport(message.data);
    fromItself(subjects.report(report.host), message);
    reports.tell(report);
  };
  const hearHeartbeat = (message: Msg) => {
    const heartbeat = codec.decodeHeartbeat(message.data);
    fromItself(subjects.health(hostId(heartbeat.host)), message);
    heartbeats.tell(heartbeat, nowMs());
  };
  const steady = steadyConnection({
    ...options,
    name: OWN_NAME,
    inboxPrefix: `_INBOX_${OWN_NAME}`,
    onSession: async (connection) => {
      listen(connection, subjects.allReports, log, hearReport);
      listen(connection, subjects.allHealth, log, hearHeartbeat);
      await ensureAskStream(connection, subjects, options.replicas ?? 1);
    },
  });
  return {
    ask: (ask) => storeAsk(steady, subjects, codec, signingKey, options.replicas ?? 1, ask),
    query: (host, query, limits) => askQuestion(steady.current(), subjects.query(host), codec, query, limits),
    onReport: reports.add,
    onHeartbeat: heartbeats.add,
    status: () => {
      const { connected, server } = steady.status();
      return { connected, server };
    },
    close: () => steady.close(),
  };
}

function listen(connection: NatsConnection, subject: string, log: WireLog, hear: (message: Msg) => void): void {
  connection.subscribe(subject, {
    callback: (error, message) => {
      try {
        if (error !== null) throw error;
        hear(message);
      } catch (cause) {
        log.warn({ subject: error === null ? message.subject : subject, why: messageOf(cause) }, 'message dropped');
      }
    },
  });
}

function fromItself(wanted: string, { subject }: Msg): void {
  if (wanted !== subject) throw new Error('it names another host than its subject');
}

async function storeAsk(steady: SteadyConnection, subjects: Subjects, codec: AgentCodec, key: KeyObject, replicas: number, ask: Ask): Promise<void> {
  const bytes = codec.encodeSignedAsk(signAsk(codec.encodeAsk(ask), key));
  try {
    const connection = steady.current();
    if (connection === undefined) throw new Error(`not connected (${steady.status().why})`);
    const store = () =>
      jetstream(connection).publish(subjects.ask(ask.host), bytes, { timeout: STORE_LIMIT_MS, expect: { streamName: subjects.askStream } });
    try {
      await store();
    } catch {
      // Perhaps somebody removed the stream though the connection held. That shows as "no responders" or, when the host listens, as silence.
      await ensureAskStream(connection, subjects, replicas);
      await store();
    }
  } catch (cause) {
    throw new ReberthError('broker-failed', `cannot store the ask to ${ask.host} in the broker: ${messageOf(cause)}`, { cause });
  }
}

async function askQuestion(
  connection: NatsConnection | undefined,
  subject: string,
  codec: AgentCodec,
  query: Query,
  { timeoutMs, signal }: QueryOptions,
): Promise<QueryAnswer> {
  if (connection === undefined) return { ok: false, why: 'the coordinator is not connected to the broker' };
  const cancelled = whenAborted(signal);
  try {
    const bytes = codec.encodeQuery(query);
    const reply = await Promise.race([connection.request(subject, bytes, { timeout: timeoutMs }), cancelled.promise]);
    return codec.decodeQueryAnswer(reply.data);
  } catch (error) {
    return { ok: false, why: whyNoAnswer(error, timeoutMs) };
  } finally {
    cancelled.release();
  }
}

function whyNoAnswer(error: unknown, timeoutMs: number): string {
  if (error instanceof RequestError && error.isNoResponders()) return 'its agent is not connected to the broker';
  if (error instanceof TimeoutError) return `no answer within ${timeoutMs} ms`;
  return messageOf(error);
}

function whenAborted(signal: AbortSignal): { readonly promise: Promise<never>; release(): void } {
  let abort = (): void => undefined;
  const promise = new Promise<never>((_, reject) => {
    abort = () => reject(new Error('given up'));
  });
  promise.catch(() => undefined);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return { promise, release: () => signal.removeEventListener('abort', abort) };
}
