/**
 * Puts the coordinator's parts together: broker, wire, cluster, executor, service. Starts them in the order in which they need each other and
 * stops them in reverse. Holds no rule of its own.
 */
import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type { Report } from '@reberth/protocol/ask.ts';
import { messageOf } from '@reberth/protocol/errors.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import { EndpointSchema, type Step } from '@reberth/protocol/plan.ts';
import type { Heartbeat } from '@reberth/protocol/query.ts';
import * as v from 'valibot';
import type { CoordinatorService } from './api/service.ts';
import { checkClusterCa } from './authority/cluster-ca.ts';
import { signServingCertificate } from './authority/serving-certificate.ts';
import { createAvailability } from './availability/availability.ts';
import { tlsCaller } from './availability/tls-caller.ts';
import { startBroker } from './broker/broker.ts';
import type { CoordinatorConfig } from './config.ts';
import { createObservers, INTERVAL_MS } from './executor/observers.ts';
import type { Clock, ExecutorPorts } from './executor/ports.ts';
import { gatesOver } from './gates/index.ts';
import { doctor } from './health/examine.ts';
import { healthReport } from './health/health-report.ts';
import { hostRows } from './health/host-rows.ts';
import { createKubernetesClient } from './kubernetes/client.ts';
import { readCredentials, remembered } from './kubernetes/kubeconfig.ts';
import { servedCertificate } from './kubernetes/served-certificate.ts';
import { takeSnapshot } from './kubernetes/snapshot.ts';
import { takeCommand } from './leadership/command.ts';
import { standingText, withStandby } from './leadership/standby.ts';
import type { PlanningPorts } from './planning/make-plan.ts';
import { coordinatorProbes } from './probes/coordinator-probes.ts';
import type { Answer } from './probes/probes.ts';
import { createService, type ServiceParts } from './service.ts';
import { replicasFor } from './store/jetstream-store.ts';
import { openJournal } from './store/open-journal.ts';
import { natsWire } from './wire/nats-wire.ts';

type Log = ExecutorPorts['log'];

export interface Coordinator {
  readonly service: CoordinatorService;
  /** One line for `systemctl status`. */
  status(): string;
  stop(): Promise<void>;
}

const clock: Clock = { nowMs: () => Date.now(), sleep: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined) };

/** Serving certificates of kubeasz live long; a re-issued one lives no shorter than a year. */
const CERTIFICATE_DAYS = 3650;

/** Why the process must end and be started again; nothing is decided after either. */
export interface Ends {
  storageFailed(error: unknown): void;
  leadershipLost(why: string): void;
}

export async function assemble(config: CoordinatorConfig, log: Log, ends: Ends): Promise<Coordinator> {
  const { hosts, masters, servers, pki } = config;
  const broker =
    config.broker.kind === 'external'
      ? undefined
      : await startBroker({
          ...config.broker,
          ...pki.broker,
          cluster: config.cluster,
          hosts,
          caFile: pki.caFile,
          stateFolder: join(config.stateFolder, 'broker'),
          log,
        });
  const wire = await natsWire({
    cluster: config.cluster,
    servers,
    ...pki.coordinator,
    caFile: pki.caFile,
    signingKeyFile: pki.signingKeyFile,
    replicas: replicasFor(servers),
    log,
    nowMs: clock.nowMs,
  });
  const heartbeats = new Map<HostId, { readonly heartbeat: Heartbeat; readonly heardAtMs: number }>();
  wire.onHeartbeat((heartbeat, heardAtMs) => void heartbeats.set(heartbeat.host as HostId, { heartbeat, heardAtMs }));

  const credentials = remembered(() => readCredentials(config));
  const kubernetes = createKubernetesClient({ masters, credentials });
  const snapshot = (signal: AbortSignal) => takeSnapshot(kubernetes, signal);
  const clusterCa = (): Promise<Answer<unknown>> => clusterCaAnswer(config);
  const own = createAvailability({ caller: tlsCaller(credentials), intervalMs: INTERVAL_MS, clock });
  const observers = createObservers({ query: wire.query, heartbeat: (host) => heartbeats.get(host), own, caFile: config.caFile, clock });
  const journal = await openJournal(config, log);
  const command = await takeCommand({
    ports: {
      store: journal.store,
      send: wire.ask,
      gates: gatesOver(coordinatorProbes({ wire, heartbeats, kubernetes, nowMs: clock.nowMs })),
      sign: (step, request) => sign(config, step, request),
      snapshot,
      observers,
      heardAtMs: (host) => heartbeats.get(host)?.heardAtMs ?? 0,
      clock,
      log,
      onStorageFailure: ends.storageFailed,
    },
    lease: journal.lease,
    owner: hostname(),
    onLost: ends.leadershipLost,
  });
  const { executor } = command;
  wire.onReport((report: Report) => executor.reported(report));

  const channels = [
    { name: 'the operators’ API', address: addressOf(config.listen) },
    ...servers.map((server) => ({ name: 'the broker', address: addressOf(server) })),
  ];
  const planning: PlanningPorts = {
    cluster: config.cluster,
    hosts,
    query: wire.query,
    nodes: async (signal) => {
      const seen = await snapshot(signal);
      return seen.ok ? { ok: true, value: seen.value.nodes } : seen;
    },
    clusterCa,
    channels,
    nowMs: clock.nowMs,
  };
  const brokerSeen = () => ({ ...wire.status(), version: broker?.version ?? '', syncAlways: broker?.syncAlways });
  const health: ServiceParts['health'] = async (rollout, signal) =>
    healthReport({ nowMs: clock.nowMs(), rollout, hosts, heartbeats, observations: own.observations(), cluster: await snapshot(signal) });
  const service = createService({
    executor,
    planning,
    hosts: () => hostRows(hosts, heartbeats, clock.nowMs()),
    doctor: async (signal) => [
      ...(await doctor(
        {
          hosts,
          heartbeats,
          channels,
          stateFolder: config.stateFolder,
          broker: brokerSeen,
          query: wire.query,
          kubernetes,
          credentials,
          clusterCa,
          nowMs: clock.nowMs,
        },
        signal,
      )),
      ...journal.doctor(),
    ],
    health,
  });
  return {
    service: withStandby(service, command, health),
    status: () =>
      `${command.leads() ? '' : `${standingText(command.standing())}; `}${wire.status().connected ? 'connected to' : 'waiting for'} the broker; ${hostRows(hosts, heartbeats, clock.nowMs()).filter(({ state }) => state === 'well').length} of ${hosts.length} hosts well`,
    async stop() {
      await command.stop();
      observers.stop();
      await wire.close();
      kubernetes.close();
      await broker?.stop();
      await journal.store.close();
    },
  };
}

/** `192.0.2.41:4222` → `192.0.2.41` */
const addressOf = (socket: string): string => socket.slice(0, socket.lastIndexOf(':')).replace(/^\[|\]$/g, '');

const SignedStep = v.object({ mustCover: v.array(v.string()), served: EndpointSchema });

/** What a master serves now bounds what it may get; the key is read for each signature and kept nowhere. */
async function sign(config: CoordinatorConfig, step: Step, csrPem: string): Promise<Answer<string>> {
  try {
    const { mustCover, served } = v.parse(SignedStep, step.params);
    const [caCertPem, caKeyPem] = await Promise.all([readFile(config.caFile, 'utf8'), readFile(config.caKeyFile, 'utf8')]);
    const current = await servedCertificate(served, caCertPem);
    if (!current.ok) return { ok: false, why: `cannot see what is served now: ${current.why}` };
    return await signServingCertificate({
      csrPem,
      caCertPem,
      caKeyPem,
      currentCertPem: current.value,
      allowed: mustCover,
      nowMs: clock.nowMs(),
      validForDays: CERTIFICATE_DAYS,
    });
  } catch (error) {
    return { ok: false, why: messageOf(error) };
  }
}

async function clusterCaAnswer(config: CoordinatorConfig): Promise<Answer<unknown>> {
  try {
    const [certificate, key] = await Promise.all([readFile(config.caFile, 'utf8'), readFile(config.caKeyFile, 'utf8')]);
    return checkClusterCa(certificate, key, clock.nowMs());
  } catch (error) {
    return { ok: false, why: messageOf(error) };
  }
}
