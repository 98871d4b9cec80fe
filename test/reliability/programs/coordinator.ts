/**
 * A coordinator for tests, as a process that can be killed and stopped: the real journal, wire, executor and leadership around gates that pass
 * and a cluster that is not there. Begins the plan that it is given when nothing was begun before. Says on stdout, a line of JSON each, what
 * it is; ends with code 1 where the real one does.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import type { Clock, ExecutorPorts } from '@reberth/coordinator/executor/ports.ts';
import { takeCommand } from '@reberth/coordinator/leadership/command.ts';
import type { LeaseLimits } from '@reberth/coordinator/leadership/limits.ts';
import { standingText } from '@reberth/coordinator/leadership/standby.ts';
import { fileStore } from '@reberth/coordinator/store/file-store.ts';
import { jetstreamJournal } from '@reberth/coordinator/store/jetstream-store.ts';
import { natsWire } from '@reberth/coordinator/wire/nats-wire.ts';
import { digest } from '@reberth/protocol/canonical.ts';
import type { Plan } from '@reberth/protocol/plan.ts';

export interface ProgramOptions {
  readonly owner: string;
  readonly cluster: string;
  readonly servers: readonly string[];
  readonly pki: string;
  readonly store: 'file' | 'jetstream';
  /** Of the file store. */
  readonly folder: string;
  readonly limits: LeaseLimits;
  readonly repeatMs: number;
  readonly plan: Plan;
}

/** What it says; `standing` on every change. */
export type Said =
  | { readonly say: 'standing'; readonly text: string }
  | { readonly say: 'in command'; readonly epoch: number }
  | { readonly say: 'ended'; readonly outcome: string }
  | { readonly say: 'ending'; readonly why: string }
  | { readonly say: 'log'; readonly level: string; readonly message: string };

const LOOK_MS = 25;
const say = (said: Said): void => void process.stdout.write(`${JSON.stringify(said)}\n`);
const clock: Clock = { nowMs: Date.now, sleep: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined) };

const end = (why: string): void => {
  say({ say: 'ending', why });
  process.exit(1);
};

const logAs = (level: string) => (fields: object, message: string) => say({ say: 'log', level, message: `${message} ${JSON.stringify(fields)}` });
const log = { info: logAs('info'), warn: logAs('warn'), error: logAs('error') };

async function main(file: string): Promise<void> {
  const options = JSON.parse(await readFile(file, 'utf8')) as ProgramOptions;
  const { cluster, servers, pki, limits, owner, repeatMs } = options;
  const files = { caFile: `${pki}/ca.crt`, certFile: `${pki}/coordinator.crt`, keyFile: `${pki}/coordinator.key` };
  const replicas = servers.length >= 3 ? 3 : 1;
  const wire = await natsWire({ cluster, servers, ...files, signingKeyFile: `${pki}/signing.key`, replicas, log, nowMs: Date.now });
  const journal = options.store === 'jetstream' ? jetstreamJournal({ cluster, servers, ...files, log }) : undefined;
  const store = journal?.store ?? (await fileStore(options.folder));
  const ports: ExecutorPorts = {
    store,
    send: wire.ask,
    gates: { probe: async () => undefined, judge: () => ({ is: 'pass' }) },
    sign: async () => ({ ok: false, why: 'nothing is signed here' }),
    snapshot: async () => ({ ok: true, value: { takenAtMs: 0, nodes: [], pods: [] } }),
    observers: { watch: () => undefined, readings: () => [] },
    heardAtMs: () => Date.now(),
    clock,
    repeatMs,
    log,
    onStorageFailure: (error) => end(`a decision cannot be stored: ${String(error)}`),
  };
  const command = await takeCommand({ ports, lease: journal?.lease, owner, limits, onLost: end });
  wire.onReport((report) => command.executor.reported(report));
  let told = '';
  for (; !command.leads(); await setTimeout(LOOK_MS)) {
    const text = standingText(command.standing());
    if (text !== told) say({ say: 'standing', text });
    told = text;
  }
  const { executor } = command;
  say({ say: 'in command', epoch: executor.epoch });
  if (executor.state('') === undefined) await executor.begin(options.plan, digest(options.plan), { by: 'test', holdAfter: undefined });
  for (;;) {
    const state = executor.state('');
    if (state?.standing === 'ended') return say({ say: 'ended', outcome: state.outcome ?? '' });
    await setTimeout(LOOK_MS);
  }
}

main(process.argv[2] ?? '').catch((error: unknown) => end(String(error)));
