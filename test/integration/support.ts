/**
 * A real broker for one test: credentials made by `initialise` itself, nats-server on a free port of 127.0.0.1, everything in one temporary
 * folder. Whoever has no nats-server learns it from the first test that needs it.
 */
import { generateKeyPairSync } from 'node:crypto';
import { access, constants, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { AgentConfig } from '@reberth/agent/config.ts';
import { type Link, type LinkParts, type Marks, openLink } from '@reberth/agent/link/link.ts';
import { initialise } from '@reberth/coordinator/authority/initialise.ts';
import { type Broker, type StartBrokerOptions, startBroker } from '@reberth/coordinator/broker/broker.ts';
import { natsWire } from '@reberth/coordinator/wire/nats-wire.ts';
import type { Wire } from '@reberth/coordinator/wire/wire.ts';
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { digestOf, type HostId, hostId, rolloutId, stepId } from '@reberth/protocol/ids.ts';
import type { ExecutionContext } from 'ava';

export const CLUSTER = 'kubeasz';
const PROGRAM = '/usr/sbin/nats-server';

export interface Ground {
  readonly folder: string;
  readonly listen: string;
  readonly hosts: readonly HostId[];
  readonly log: MemoryLog;
  startBroker(options?: Partial<StartBrokerOptions>): Promise<Broker>;
  wire(options?: { readonly signingKeyFile?: string; readonly servers?: readonly string[] }): Promise<Wire>;
  /** Opens the host's link; `as` uses the credentials of another host. */
  link(host: HostId, parts?: Partial<LinkParts>, as?: HostId, ...servers: readonly string[]): Link;
  /** A connection of its own, by the certificate at `stem`.crt and .key, or by none. */
  raw(stem: string | undefined, inboxPrefix?: string, server?: string): Promise<NatsConnection>;
  pki(name: string): string;
  /** Done when the test is over, before what was made earlier is undone. */
  later(undo: () => Promise<unknown>): void;
  bundle(host: HostId, name: string): string;
}

export interface MemoryLog {
  readonly lines: readonly { readonly level: string; readonly message: string; readonly fields: Readonly<Record<string, unknown>> }[];
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  has(message: RegExp): boolean;
}

export function memoryLog(): MemoryLog {
  const lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, message, fields: { ...fields } });
  return {
    lines,
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    has: (pattern) => lines.some(({ message, fields }) => pattern.test(`${message} ${JSON.stringify(fields)}`)),
  };
}

export async function ground(t: Pick<ExecutionContext, 'teardown'>, hosts: readonly string[] = ['192.0.2.41', '192.0.2.42']): Promise<Ground> {
  await access(PROGRAM, constants.X_OK).catch(() => {
    throw new Error(`this test needs ${PROGRAM}: apt-get install --no-install-recommends nats-server`);
  });
  const folder = await mkdtemp(join(tmpdir(), 'reberth-'));
  const ids = hosts.map(hostId);
  const listen = `127.0.0.1:${await freePort()}`;
  const made = { folder: join(folder, 'etc'), operatorFolder: join(folder, 'operator') };
  const { kubeconfig, caFile, caKeyFile } = { kubeconfig: '/k', caFile: '/c', caKeyFile: '/c-key' };
  await initialise({ cluster: CLUSTER, address: '127.0.0.1', hosts, masters: ['127.0.0.1:6443'], kubeconfig, caFile, caKeyFile, ...made });
  const log = memoryLog();
  const pki = (name: string) => join(made.folder, 'pki', name);
  const bundle = (host: HostId, name: string) => join(made.folder, 'hosts', host, name);
  // Last made, first undone: links and wires before the broker, the folder at the end.
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })];
  t.teardown(async () => {
    for (const step of undo.reverse()) await step();
  });
  return {
    folder,
    listen,
    hosts: ids,
    log,
    pki,
    bundle,
    later: (step) => void undo.push(step),
    async startBroker(options = {}) {
      const files = { caFile: pki('ca.crt'), certFile: pki('broker.crt'), keyFile: pki('broker.key') };
      const broker = await startBroker({
        program: PROGRAM,
        cluster: CLUSTER,
        hosts: ids,
        listen,
        ...files,
        stateFolder: join(folder, 'broker'),
        log,
        ...options,
      });
      undo.push(() => broker.stop());
      return broker;
    },
    async raw(stem, inboxPrefix = '_INBOX', server = listen) {
      const own = stem === undefined ? {} : { certFile: `${stem}.crt`, keyFile: `${stem}.key` };
      const tls = { caFile: pki('ca.crt'), ...own, host: '127.0.0.1' };
      const connection = await connect({ servers: server, tls, inboxPrefix, reconnect: false, timeout: 3_000 });
      undo.push(() => connection.close());
      return connection;
    },
    async wire(options = {}) {
      const files = { caFile: pki('ca.crt'), certFile: pki('coordinator.crt'), keyFile: pki('coordinator.key') };
      const wire = await natsWire({
        cluster: CLUSTER,
        servers: options.servers ?? [listen],
        ...files,
        signingKeyFile: options.signingKeyFile ?? pki('signing.key'),
        log,
        nowMs: Date.now,
      });
      undo.push(() => wire.close());
      return wire;
    },
    link(host, parts = {}, as = host, ...servers) {
      const link = openLink({
        config: agentConfig(servers.length > 0 ? servers : [listen], host, (name) => bundle(as, name)),
        marks: memoryMarks(),
        perform: async (ask) => doneReport(ask),
        answer: async () => ({ ok: true, value: null }),
        log,
        nowMs: Date.now,
        ...parts,
      });
      undo.push(() => link.close());
      return link;
    },
  };
}

const agentConfig = (servers: readonly string[], host: HostId, file: (name: string) => string): AgentConfig => ({
  cluster: CLUSTER,
  host,
  servers,
  caFile: file('ca.crt'),
  certFile: file('agent.crt'),
  keyFile: file('agent.key'),
  signingKeyFile: file('signing.pub'),
  stateFolder: '/nowhere',
  helpersFolder: '/nowhere',
  heartbeatMs: 1_000,
  logLevel: 'info',
});

export function memoryMarks(): Marks {
  let mark = { epoch: 0, counter: 0 };
  return {
    read: () => mark,
    raise: async (higher) => {
      mark = higher;
    },
  };
}

export const someAsk = (host: HostId, more: Partial<Ask> = {}): Ask => ({
  rollout: rolloutId('r-1'),
  step: stepId(`switch/1/${host}/kubelet`),
  operation: 'do',
  attempt: 1,
  planDigest: digestOf('0'.repeat(64)),
  host,
  epoch: 1,
  counter: 1,
  expiresAtMs: Date.now() + 60_000,
  kind: 'unit-restarted',
  version: 1,
  params: { unit: 'kubelet.service' },
  expect: [],
  confirmWithinMs: 0,
  inputs: {},
  ...more,
});

export const doneReport = ({ rollout, step, operation, attempt, host }: Ask, more: Partial<Report> = {}): Report => ({
  rollout,
  step,
  operation,
  attempt,
  host,
  outcome: 'done',
  left: 'after',
  why: '',
  startedAtMs: 1,
  endedAtMs: 2,
  outputs: {},
  ...more,
});

/** Waits until the look succeeds; says what was waited for when it does not. */
export async function until<T>(what: string, look: () => T | undefined | false, withinMs = 15_000): Promise<T> {
  const endMs = performance.now() + withinMs;
  while (performance.now() < endMs) {
    const seen = look();
    if (seen !== undefined && seen !== false) return seen;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited ${withinMs} ms in vain until ${what}`);
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('cannot find a free port'))));
    });
  });
}

export async function strangersKey(folder: string): Promise<string> {
  const { writeNew } = await import('@reberth/coordinator/authority/files.ts');
  const path = join(folder, 'stranger.key');
  await mkdir(folder, { recursive: true });
  await writeNew(path, generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return path;
}
