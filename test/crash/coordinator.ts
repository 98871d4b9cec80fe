/**
 * The coordinator of a trial: the real store, wire, gates, signing and executor, and an operator who begins, goes on when it is held, and takes
 * everything back when that is what the trial is about. The operator knows only what is stored, as after a crash.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { signServingCertificate } from '@reberth/coordinator/authority/serving-certificate.ts';
import { createExecutor, type Executor } from '@reberth/coordinator/executor/executor.ts';
import type { Clock, ExecutorPorts } from '@reberth/coordinator/executor/ports.ts';
import { gatesOver } from '@reberth/coordinator/gates/index.ts';
import type { Answer } from '@reberth/coordinator/probes/probes.ts';
import { fileStore } from '@reberth/coordinator/store/file-store.ts';
import { natsWire } from '@reberth/coordinator/wire/nats-wire.ts';
import { digest } from '@reberth/protocol/canonical.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import type { Step } from '@reberth/protocol/plan.ts';
import type { Heartbeat } from '@reberth/protocol/query.ts';
import type { Log, Running, TrialOptions } from './options.ts';
import type { Points } from './points.ts';
import { unitsIn } from './sandbox.ts';
import { CLUSTER, hostFolder, MASTER, pair, readPlan } from './world.ts';

/** A lost message costs this much; shorter, and a loaded machine asks twice where once would do. */
const REPEAT_MS = 4_000;
const LOOK_MS = 10;
const GO_ON_MOST = 6;
const clock: Clock = { nowMs: Date.now, sleep: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined) };
const NOTHING = { ok: true, value: { takenAtMs: 0, nodes: [], pods: [] } } as const;

export async function runCoordinator(options: TrialOptions, points: Points, log: Log): Promise<Running> {
  const pki = (name: string): string => join(options.etc, 'pki', name);
  const wire = points.watched(
    'wire',
    await natsWire({
      cluster: CLUSTER,
      servers: [options.server],
      caFile: pki('ca.crt'),
      certFile: pki('coordinator.crt'),
      keyFile: pki('coordinator.key'),
      signingKeyFile: pki('signing.key'),
      log,
      nowMs: Date.now,
    }),
  );
  const heartbeats = new Map<HostId, { readonly heartbeat: Heartbeat; readonly heardAtMs: number }>();
  wire.onHeartbeat((heartbeat, heardAtMs) => void heartbeats.set(heartbeat.host as HostId, { heartbeat, heardAtMs }));
  const nobody = async () => ({ ok: false, why: 'there is no cluster here' }) as const;
  const probes = { host: nobody, heartbeat: (host: HostId) => heartbeats.get(host), cluster: nobody, api: nobody, nowMs: Date.now };
  const store = points.watched('store', await fileStore(join(options.folder, 'coordinator')));
  while (!wire.status().connected) await setTimeout(LOOK_MS);
  const ports: ExecutorPorts = {
    store,
    send: wire.ask,
    gates: points.watched('gates', gatesOver(probes)),
    ...points.watched('authority', { sign: (step: Step, csr: string) => sign(options, step, csr) }),
    ...points.watched('cluster', { snapshot: async () => NOTHING }),
    observers: { watch: () => undefined, readings: () => [] },
    heardAtMs: (host) => heartbeats.get(host)?.heardAtMs ?? 0,
    clock,
    log,
    repeatMs: REPEAT_MS,
    onStorageFailure: (error) => log.error({ error: String(error) }, 'a decision cannot be stored'),
  };
  const executor = await createExecutor(ports);
  const recovered = points.met.length;
  wire.onReport((report) => executor.reported(report));
  const stop = new AbortController();
  return {
    recovered,
    ended: operate(executor, options, stop.signal),
    async close() {
      stop.abort();
      executor.stop();
      await wire.close();
      await store.close();
    },
  };
}

/** Rejects when the rollout cannot be brought to the end that this phase is about. */
async function operate(executor: Executor, { phase, planFile }: TrialOptions, signal: AbortSignal): Promise<void> {
  for (let wentOn = 0; !signal.aborted; await clock.sleep(LOOK_MS, signal)) {
    const state = executor.state('');
    if (state === undefined) {
      const plan = await readPlan(planFile);
      await executor.begin(plan, digest(plan), { by: 'operator', holdAfter: undefined });
    } else if (state.standing === 'held') {
      wentOn += 1;
      if (wentOn > GO_ON_MOST) throw new Error(`still held after ${GO_ON_MOST} times: ${state.why}`);
      await executor.command(state.rollout, 'resume', 'operator');
    } else if (state.standing === 'ended') {
      if (phase === 'forward' || state.outcome !== 'done') return;
      await executor.command(state.rollout, 'undo', 'operator');
    }
  }
}

async function sign({ folder }: TrialOptions, step: Step, csrPem: string): Promise<Answer<string>> {
  const [caCertPem, caKeyPem] = await Promise.all([readFile(join(folder, 'ca.pem'), 'utf8'), readFile(join(folder, 'ca-key.pem'), 'utf8')]);
  const served = Object.values(unitsIn(hostFolder(folder, MASTER))).flatMap(({ loaded }) => loaded[pair.certFile] ?? [])[0] ?? '';
  const allowed = step.params['mustCover'] as readonly string[];
  return signServingCertificate({ csrPem, caCertPem, caKeyPem, currentCertPem: served, allowed, nowMs: Date.now(), validForDays: 10 });
}
