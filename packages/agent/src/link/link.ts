/**
 * The agent's end of the wire. Hears its own asks and questions and nobody else's, and connects in the background, again and again, for ever.
 * On every connection it also fetches the latest ask that the broker keeps for it, so a host that was away, or whose last report was lost,
 * catches up. Questions are answered side by side; asks one after another (desk.ts).
 */
import { createPublicKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { steadyConnection } from '@reberth/daemon/steady-connection.ts';
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { type AgentCodec, agentCodec } from '@reberth/protocol/codec/agent-codec.ts';
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Heartbeat, Query, QueryAnswer } from '@reberth/protocol/query.ts';
import { type Subjects, subjectsOf, subjectToken } from '@reberth/protocol/subjects.ts';
import type { AgentConfig } from '../config.ts';
import type { Mark } from './admit.ts';
import { type Desk, openDesk } from './desk.ts';
import { fetchKeptAsk } from './kept-ask.ts';

export interface Marks {
  read(): Mark;
  /** Durable before it resolves. */
  raise(mark: Mark): Promise<void>;
}

export interface LinkLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface LinkParts {
  readonly config: AgentConfig;
  /** A repeat is answered from the journal and changes nothing. */
  perform(ask: Ask): Promise<Report>;
  answer(query: Query): Promise<QueryAnswer>;
  readonly marks: Marks;
  /** Whether the journal answers this ask, so that performing it begins nothing. Without it, what was performed since the start is known. */
  isKnown?(ask: Ask): boolean;
  readonly log: LinkLog;
  nowMs(): number;
}

export interface Link {
  /** For people: `connected to 192.0.2.41:4222`. */
  status(): string;
  /** Dropped when not connected: an old heartbeat is of no use to anyone. */
  publish(heartbeat: Heartbeat): Promise<void>;
  close(): Promise<void>;
}

export function openLink(parts: LinkParts): Link {
  const { config, log } = parts;
  const codec = agentCodec();
  const subjects = subjectsOf(config.cluster);
  const send = (subject: string, bytes: () => Uint8Array, what: string): void => {
    try {
      const connection = steady.current();
      if (connection === undefined) throw new Error('not connected');
      connection.publish(subject, bytes());
    } catch (error) {
      // Nobody loses by it: an unanswered ask is asked again, and fetched again when the connection is back.
      log.warn({ why: messageOf(error) }, `${what} not sent`);
    }
  };
  const desk = openDesk(parts, codec, (report) => send(subjects.report(config.host), () => codec.encodeReport(report), 'report'));
  const steady = steadyConnection({
    ...config,
    name: `agent.${subjectToken(config.host)}`,
    inboxPrefix: subjects.inboxPrefix(config.host),
    log,
    onSession: (connection) => beginSession(parts, codec, subjects, desk, connection),
  });
  return {
    status() {
      const { connected, server, why } = steady.status();
      return connected ? `connected to ${server}` : `not connected to ${server}: ${why}`;
    },
    async publish(heartbeat) {
      if (steady.current() !== undefined) send(subjects.health(config.host), () => codec.encodeHeartbeat(heartbeat), 'heartbeat');
    },
    async close() {
      desk.close();
      await steady.close();
    },
  };
}

async function beginSession(parts: LinkParts, codec: AgentCodec, subjects: Subjects, desk: Desk, connection: NatsConnection): Promise<void> {
  const { config, log } = parts;
  const signingKey = createPublicKey(await readFile(config.signingKeyFile));
  const take = (bytes: Uint8Array, fetched: boolean) => desk.take({ bytes, fetched, signingKey });
  const hear = (subject: string, handle: (message: Msg) => void) =>
    connection.subscribe(subject, {
      callback: (error, message) => {
        if (error === null) return handle(message);
        // A session that may not listen is of no use; the next one may be allowed.
        log.error({ subject, why: messageOf(error) }, 'cannot listen');
        void connection.close().catch(() => undefined);
      },
    });
  // First listen, then fetch: an ask stored in between is heard twice rather than not at all.
  hear(subjects.ask(config.host), (message) => take(message.data, false));
  hear(subjects.query(config.host), (message) => void answer(parts, codec, message));
  await connection.flush();
  void fetchKeptAsk(connection, subjects.askStream, subjects.ask(config.host), log).then((bytes) => {
    if (bytes !== undefined) take(bytes, true);
  });
}

async function answer({ answer: ask, log }: LinkParts, codec: AgentCodec, message: Msg): Promise<void> {
  const reply = await codecAnswer(codec, message.data, ask);
  try {
    message.respond(reply);
  } catch (error) {
    log.warn({ why: messageOf(error) }, 'answer not sent');
  }
}

async function codecAnswer(codec: AgentCodec, bytes: Uint8Array, ask: LinkParts['answer']): Promise<Uint8Array> {
  try {
    return codec.encodeQueryAnswer(await ask(codec.decodeQuery(bytes)));
  } catch (error) {
    return codec.encodeQueryAnswer({ ok: false, why: messageOf(error).slice(0, WHY_LIMIT) });
  }
}

/** Reasons are for people. */
const WHY_LIMIT = 2_000;
