/**
 * The nats-server that the coordinator starts and keeps running. It is up when it greets; it is started again, with growing pauses, whenever it
 * ends. One that an earlier, killed coordinator left behind is ended first, because it would hold the port with an older list of hosts.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { createInterface } from 'node:readline';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import { type BrokerOptions, listenOf, natsServerConfig } from './config.ts';
import { endOrphan } from './orphan.ts';
import { knowsSyncAlways, serverVersion } from './version.ts';

export interface BrokerLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface StartBrokerOptions extends Omit<BrokerOptions, 'syncAlways'> {
  /** `/usr/sbin/nats-server` */
  readonly program: string;
  readonly log: BrokerLog;
  /** How long the first start may take. */
  readonly startWithinMs?: number;
}

export interface Broker {
  /** Of the server now running; undefined between two. */
  pid(): number | undefined;
  /** As the program says it, e.g. `2.9.10`. */
  readonly version: string;
  /** Whether every write is on disk before it is acknowledged. */
  readonly syncAlways: boolean;
  stop(): Promise<void>;
}

const START_WITHIN_MS = 10_000;
const STOP_WITHIN_MS = 5_000;
const GREETING_EVERY_MS = 50;
const RESTART_MS = { first: 100, most: 10_000 } as const;
/** After this long the next end is a new misfortune, not the same one. */
const STEADY_MS = 30_000;

/** Rejects with `broker-failed` when it does not greet in time, and says what the server said last. */
export async function startBroker(options: StartBrokerOptions): Promise<Broker> {
  const version = await serverVersion(options.program);
  const syncAlways = knowsSyncAlways(version);
  const configFile = `${options.stateFolder}/nats-server.conf`;
  await mkdir(options.stateFolder, { recursive: true, mode: 0o700 });
  await writeFile(configFile, natsServerConfig({ ...options, syncAlways }), { mode: 0o600 });
  await endOrphan(`${options.stateFolder}/nats-server.pid`, configFile, STOP_WITHIN_MS, options.log);
  const supervisor = supervise(options.program, configFile, options.log);
  try {
    await greeted(options.listen, options.startWithinMs ?? START_WITHIN_MS, supervisor);
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
  options.log.info({ listen: options.listen, version, syncAlways }, 'broker is up');
  return { pid: supervisor.pid, version, syncAlways, stop: supervisor.stop };
}

interface Supervisor {
  pid(): number | undefined;
  /** The last complaint of the server, for people. */
  lastWords(): string;
  stop(): Promise<void>;
}

function supervise(program: string, configFile: string, log: BrokerLog): Supervisor {
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let words = '';
  let stopping = false;
  let delayMs: number = RESTART_MS.first;
  let ended: Promise<void> = Promise.resolve();
  const start = (): void => {
    const startedAtMs = performance.now();
    const process = spawn(program, ['-c', configFile], { stdio: ['ignore', 'ignore', 'pipe'] });
    child = process;
    if (process.stderr !== null) {
      createInterface({ input: process.stderr }).on('line', (line) => {
        words = relay(line, log) ?? words;
      });
    }
    ended = new Promise((resolve) => {
      const end = (why: string): void => {
        if (child !== process) return;
        child = undefined;
        resolve();
        if (stopping) return;
        if (performance.now() - startedAtMs > STEADY_MS) delayMs = RESTART_MS.first;
        log.error({ why, words, againInMs: delayMs }, 'broker ended, it is started again');
        timer = setTimeout(start, delayMs);
        delayMs = Math.min(delayMs * 2, RESTART_MS.most);
      };
      process.once('error', (error) => end(messageOf(error)));
      process.once('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
    });
  };
  start();
  return {
    pid: () => child?.pid,
    lastWords: () => words,
    async stop() {
      stopping = true;
      clearTimeout(timer);
      child?.kill('SIGTERM');
      const kill = setTimeout(() => child?.kill('SIGKILL'), STOP_WITHIN_MS);
      await ended;
      clearTimeout(kill);
    },
  };
}

/** `[123] 2026/11/23 16:18:00.000000 [ERR] text`: complaints go to our log, cut to a sane length. */
function relay(line: string, log: BrokerLog): string | undefined {
  const [, level, text = ''] = /\[(WRN|ERR|FTL)\] (.*)$/.exec(line) ?? [];
  // Whoever looks whether we serve, ourselves first, leaves this behind.
  if (text.endsWith('TLS handshake error: EOF')) return undefined;
  if (level === undefined) return line.startsWith('nats-server:') ? line.slice(0, 500) : undefined;
  log.warn({ broker: text.slice(0, 500) }, 'the broker says');
  return level === 'WRN' ? undefined : text.slice(0, 500);
}

async function greeted(listen: string, withinMs: number, supervisor: Supervisor): Promise<void> {
  const untilMs = performance.now() + withinMs;
  while (performance.now() < untilMs) {
    // Only our own child counts: another program may sit on the port.
    if (supervisor.pid() !== undefined && (await greets(listen)) && supervisor.pid() !== undefined) return;
    await new Promise((resolve) => setTimeout(resolve, GREETING_EVERY_MS));
  }
  const words = supervisor.lastWords();
  throw new ReberthError(
    'broker-failed',
    `cannot start the broker at ${listen}: it does not answer within ${withinMs} ms${words === '' ? '' : `; it said: ${words}`}`,
  );
}

/** A server greets with INFO as soon as it serves. */
function greets(listen: string): Promise<boolean> {
  return new Promise((resolve) => {
    const { host, port } = listenOf(listen);
    const socket = createConnection({ host, port, timeout: 1_000 });
    const settle = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('data', (bytes) => settle(bytes.toString('latin1').startsWith('INFO ')));
    socket.once('error', () => settle(false));
    socket.once('timeout', () => settle(false));
    socket.once('close', () => settle(false));
  });
}
