/** Runs command lines against a fake coordinator behind the real gRPC server, and keeps what they wrote. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ReberthError } from '@reberth/protocol/errors.ts';
import type { Plan } from '@reberth/protocol/plan.ts';
import { serveApi } from '../../../packages/coordinator/src/api/server.ts';
import type { InitialiseOptions } from '../../../packages/coordinator/src/authority/initialise.ts';
import { type CoordinatorApi, connect } from '../../../packages/coordinator/src/cli/client.ts';
import type { CliContext } from '../../../packages/coordinator/src/cli/context.ts';
import { runCli } from '../../../packages/coordinator/src/cli/program.ts';
import { type FakeCoordinator, fakeCoordinator, NOW_MS } from '../../support/fake-coordinator.ts';
import { type Pair, type ThrowAwayTls, throwAwayTls } from '../../support/tls.ts';

export interface Answer {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Desk {
  readonly coordinator: FakeCoordinator;
  readonly folder: string;
  readonly planFile: string;
  readonly initialised: readonly InitialiseOptions[];
  /** Frames of the live tree, when there was a terminal. */
  readonly frames: readonly string[];
  reberth(...argv: readonly string[]): Promise<Answer>;
  /** Presses ctrl-C once, as soon as a command wants to hear of it. */
  interrupt(): Promise<void>;
  as(client: Pair): Promise<CoordinatorApi>;
  readonly tls: ThrowAwayTls;
  /** The coordinator's server ends and comes back at the same address; what it knows stays. */
  restart(certificate?: Pair): Promise<void>;
  close(): Promise<void>;
}

export interface DeskOptions {
  readonly terminal?: boolean;
  readonly confirm?: boolean | undefined;
  readonly unreachable?: boolean;
}

export async function openDesk(plan: Plan, { terminal = false, confirm, unreachable = false }: DeskOptions = {}): Promise<Desk> {
  const coordinator = fakeCoordinator(plan);
  const tls = await throwAwayTls();
  const folder = await mkdtemp(join(tmpdir(), 'reberth-cli-'));
  const operatorOf = ({ subject }: { readonly subject: { readonly CN?: string | string[] } }) => (subject.CN === 'operator' ? 'operator' : undefined);
  const serve = (listen: string, { certificate, key }: Pair) =>
    serveApi(coordinator, { listen: [listen], ca: Buffer.from(tls.ca), certificate: Buffer.from(certificate), key: Buffer.from(key), operatorOf });
  let server = await serve('127.0.0.1:0', tls.server);
  const address = `127.0.0.1:${server.ports[0]}`;
  const as = async (client: Pair) => {
    const [caFile, certificateFile, keyFile] = [join(folder, 'ca.crt'), join(folder, 'client.crt'), join(folder, 'client.key')];
    await Promise.all([writeFile(caFile, tls.ca), writeFile(certificateFile, client.certificate), writeFile(keyFile, client.key)]);
    return connect({ coordinator: address, caFile, certificateFile, keyFile });
  };
  let api: Promise<CoordinatorApi> | undefined;
  const planFile = join(folder, 'state/plan.json');
  const initialised: InitialiseOptions[] = [];
  const frames: string[] = [];
  const signals = new Set<() => void>();
  const reberth = async (...argv: readonly string[]): Promise<Answer> => {
    let [out, err] = ['', ''];
    const stream = (keep: (text: string) => void) => ({ write: keep, isTerminal: terminal, colour: false, columns: 100 });
    const context: CliContext = {
      out: stream((text) => (out += text)),
      err: stream((text) => (err += text)),
      picture: { draw: (text) => void frames.push(text), done: () => undefined },
      async api() {
        if (unreachable) throw new ReberthError('coordinator-unreachable', 'cannot reach the coordinator at 127.0.0.1:1');
        api ??= as(tls.operator);
        return api;
      },
      confirm: async () => confirm,
      onInterrupt(onSignal) {
        signals.add(onSignal);
        return () => void signals.delete(onSignal);
      },
      nowMs: () => NOW_MS,
      sleep: (ms, signal) => setTimeout(Math.min(ms, 10), undefined, { signal }).catch(() => undefined),
      places: { planFile, system: '/etc/reberth', operator: '/root/.config/reberth' },
      async initialise(options) {
        initialised.push(options);
        return { made: ['/etc/reberth/coordinator.json'], kept: [], changed: [] };
      },
    };
    return { code: await runCli(argv, context), out, err };
  };
  return {
    coordinator,
    folder,
    planFile,
    initialised,
    frames,
    reberth,
    as,
    tls,
    async interrupt() {
      while (signals.size === 0) await new Promise((resolve) => setImmediate(resolve));
      for (const signal of [...signals]) signal();
    },
    async restart(certificate = tls.server) {
      await server.close();
      server = await serve(address, certificate);
    },
    async close() {
      (await api?.catch(() => undefined))?.close();
      await server.close();
      await rm(folder, { recursive: true });
    },
  };
}
