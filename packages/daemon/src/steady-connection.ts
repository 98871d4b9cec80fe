/**
 * A NATS connection that comes back for ever, used alike by the agent's link and the coordinator's wire. Always TLS with a client certificate,
 * and the server must prove the very address that was dialled. Each connection is a new session with its own subscriptions, so that nothing is
 * carried over from a server that has lost its memory.
 *
 * The client's own reconnecting is not used: it gives up after two refusals, and for an IP address it would compare the certificate with
 * `localhost`. So this loop dials one server at a time and says whose name is wanted.
 */
import { type ConnectionOptions, connect, type NatsConnection } from '@nats-io/transport-node';
import { messageOf } from '@reberth/protocol/errors.ts';

export interface SteadyLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface SteadyOptions {
  /** `address:port`, tried in turn. */
  readonly servers: readonly string[];
  /** Read again at every attempt, so that renewed files are taken up. */
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  readonly name: string;
  readonly inboxPrefix: string;
  readonly log: SteadyLog;
  /** Sets up one session. When it rejects, the session is closed and another one is tried. */
  onSession(connection: NatsConnection): Promise<void>;
}

export interface SteadyConnection {
  /** The session in use, also while it is being set up; undefined between two. */
  current(): NatsConnection | undefined;
  /** `server` is the one in use or tried last; `why` it is not connected. */
  status(): { readonly connected: boolean; readonly server: string; readonly why: string };
  close(): Promise<void>;
}

const CONNECT_LIMIT_MS = 5_000;
/** A dead network is noticed after at most three of these. */
const PING_INTERVAL_MS = 5_000;
const RETRY_MS = { first: 100, most: 5_000 } as const;

export function steadyConnection(options: SteadyOptions): SteadyConnection {
  const stop = new AbortController();
  const state: State = { connection: undefined, ready: false, server: options.servers[0] ?? '', why: 'not tried yet' };
  const ended = runSessions(options, state, stop.signal);
  return {
    current: () => state.connection,
    status: () => ({ connected: state.ready, server: state.server, why: state.ready ? '' : state.why }),
    async close() {
      stop.abort();
      await ended;
    },
  };
}

interface State {
  connection: NatsConnection | undefined;
  /** The session is set up. */
  ready: boolean;
  server: string;
  why: string;
}

async function runSessions(options: SteadyOptions, state: State, signal: AbortSignal): Promise<void> {
  let delayMs: number = RETRY_MS.first;
  for (let attempt = 0; !signal.aborted; attempt += 1) {
    state.server = options.servers[attempt % options.servers.length] ?? '';
    const why = await runSession(options, state, signal, () => {
      delayMs = RETRY_MS.first;
    });
    if (signal.aborted) return;
    // The same reason again is no news: a host may be cut off for days.
    if (why !== state.why) options.log.warn({ server: state.server, why }, 'not connected to the broker');
    state.why = why;
    await pause(delayMs * (0.5 + Math.random()), signal);
    delayMs = Math.min(delayMs * 2, RETRY_MS.most);
  }
}

/** Resolves when the session is over, with the reason. */
async function runSession(options: SteadyOptions, state: State, signal: AbortSignal, onConnected: () => void): Promise<string> {
  let connection: NatsConnection | undefined;
  const cut = () => void connection?.close().catch(() => undefined);
  try {
    connection = await connect(connectionOptions(options, state.server));
    signal.addEventListener('abort', cut, { once: true });
    if (signal.aborted) throw new Error('closing');
    void logErrors(connection, options.log);
    // In use from here on: what a new subscription brings may have to be answered at once.
    state.connection = connection;
    await options.onSession(connection);
    onConnected();
    state.ready = true;
    options.log.info({ server: state.server }, 'connected to the broker');
    const error = await connection.closed();
    return error === undefined ? 'connection closed' : messageOf(error);
  } catch (error) {
    return messageOf(error);
  } finally {
    state.connection = undefined;
    state.ready = false;
    signal.removeEventListener('abort', cut);
    await connection?.close().catch(() => undefined);
  }
}

function connectionOptions({ caFile, certFile, keyFile, name, inboxPrefix }: SteadyOptions, server: string): ConnectionOptions {
  // `host` is what Node compares the server's certificate with.
  const tls = { caFile, certFile, keyFile, host: hostOf(server), minVersion: 'TLSv1.2' };
  return {
    servers: server,
    tls,
    name,
    inboxPrefix,
    timeout: CONNECT_LIMIT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    reconnect: false,
    ignoreClusterUpdates: true,
  };
}

const hostOf = (server: string): string => server.slice(0, server.lastIndexOf(':')).replace(/^\[(.*)\]$/, '$1');

async function logErrors(connection: NatsConnection, log: SteadyLog): Promise<void> {
  for await (const status of connection.status()) {
    if (status.type === 'error') log.warn({ why: messageOf(status.error) }, 'the broker complains');
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
  });
