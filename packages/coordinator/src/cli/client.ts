/**
 * The thin gRPC client behind every command: one method per call of the API, documents parsed once at this door, errors brought back to
 * what the coordinator meant.
 */
import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { type Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { ReberthError } from '@reberth/protocol/errors.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import type { Facts } from '@reberth/protocol/facts.ts';
import { type Plan, PlanSchema } from '@reberth/protocol/plan.ts';
import type { RolloutReport } from '@reberth/protocol/rollout-report.ts';
import * as v from 'valibot';
import { CoordinatorClient } from '../api/definition.ts';
import { fromServiceError } from '../api/errors.ts';
import type { DoctorFinding, HealthReport, HostRow, OperatorCommand, RolloutState } from '../api/service.ts';
import type { CliConfig } from './config.ts';
import { fileTrouble } from './plain-words.ts';

export interface StatusAnswer {
  readonly rollout: string;
  readonly state: RolloutState;
  readonly text: string;
  readonly next: string;
  readonly detail: unknown;
}

export interface PlanWish {
  readonly to: string;
  readonly strategy: string;
  readonly inventory: string;
  readonly routerId: number;
  readonly batch: number;
  readonly soakMs: number;
  readonly confirmWithinMs: number;
  readonly acceptStragglers: boolean;
  readonly narrowCertificates: boolean;
}

export type PlanProgress = { readonly note: string } | { readonly plan: Plan; readonly bytes: Buffer } | { readonly refused: readonly string[] };

export interface CoordinatorApi {
  makePlan(wish: PlanWish): AsyncIterable<PlanProgress>;
  apply(plan: Buffer, digest: string, holdAfter: string): Promise<string>;
  watch(rollout: string, afterSeq: number, follow: boolean, signal?: AbortSignal): AsyncIterable<RolloutEvent>;
  status(rollout: string): Promise<StatusAnswer>;
  command(command: OperatorCommand, rollout: string): Promise<StatusAnswer>;
  report(rollout: string): Promise<RolloutReport>;
  hosts(): Promise<readonly HostRow[]>;
  facts(host: string): Promise<Facts>;
  doctor(): Promise<readonly DoctorFinding[]>;
  health(watch: boolean, intervalMs: number, signal?: AbortSignal): AsyncIterable<HealthReport>;
  close(): void;
}

/** Planning asks every host twice and listens for VRRP; nothing else takes this long. */
const CALL_LIMIT_MS = 60_000;
const CONNECT_LIMIT_MS = 5_000;
const MESSAGE_LIMIT = 32 * 1024 * 1024;

export async function connect(config: CliConfig): Promise<CoordinatorApi> {
  const [ca, key, certificate] = await Promise.all([credential(config.caFile), credential(config.keyFile), credential(config.certificateFile)]);
  const { hostname } = new URL(`grpc://${config.coordinator}`);
  const host = hostname.replaceAll(/[[\]]/g, '');
  const identity = { checkServerIdentity: (_name: string, presented: PeerCertificate) => checkServerIdentity(host, presented) };
  const client = new CoordinatorClient(config.coordinator, credentials.createSsl(ca, key, certificate, identity), {
    'grpc.max_receive_message_length': MESSAGE_LIMIT,
    'grpc.max_send_message_length': MESSAGE_LIMIT,
    // The server name of TLS may not be an address (RFC 6066); who answers is checked against the address all the same.
    ...(isIP(host) === 0 ? {} : { 'grpc.ssl_target_name_override': 'localhost' }),
  });
  await ready(client, config.coordinator);
  const call = unaryCaller(client);
  const stream = streamCaller(client);
  return {
    async *makePlan(wish) {
      for await (const raw of stream('MakePlan', wish)) yield progressOf(raw);
    },
    apply: async (plan, digest, holdAfter) => v.parse(v.object({ rollout: v.string() }), await call('Apply', { plan, digest, holdAfter })).rollout,
    async *watch(rollout, afterSeq, follow, signal) {
      for await (const raw of stream('Watch', { rollout, afterSeq, follow }, signal)) yield documentOf<RolloutEvent>(raw);
    },
    status: async (rollout) => statusOf(await call('Status', { rollout })),
    command: async (command, rollout) => statusOf(await call(`${command.charAt(0).toUpperCase()}${command.slice(1)}`, { rollout })),
    report: async (rollout) => documentOf<RolloutReport>(await call('Report', { rollout })),
    hosts: async () => documentOf<readonly HostRow[]>(await call('Hosts', {})),
    facts: async (host) => documentOf<Facts>(await call('Facts', { host })),
    doctor: async () => documentOf<readonly DoctorFinding[]>(await call('Doctor', {})),
    async *health(watch, intervalMs, signal) {
      for await (const raw of stream('Health', { watch, intervalMs }, signal)) yield documentOf<HealthReport>(raw);
    },
    close: () => client.close(),
  };
}

async function credential(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new ReberthError('config-invalid', `cannot read ${path}: ${fileTrouble(cause)}`, {
      hint: 'as the user who ran reberth init, or run reberth init again on the coordinator host',
      cause,
    });
  }
}

const ready = (client: Client, address: string): Promise<void> =>
  new Promise((resolve, reject) =>
    client.waitForReady(Date.now() + CONNECT_LIMIT_MS, (error) =>
      error === undefined || error === null
        ? resolve()
        : reject(new ReberthError('coordinator-unreachable', `cannot reach the coordinator at ${address}: ${error.message}`, { cause: error })),
    ),
  );

type AnyMethod = (...args: readonly unknown[]) => AsyncIterable<unknown> & { cancel(): void };

function methodOf(client: Client, name: string): AnyMethod {
  const method = (client as unknown as Record<string, unknown>)[name];
  if (typeof method !== 'function') throw new ReberthError('internal', `internal error: the API has no method ${name}`);
  return method.bind(client) as AnyMethod;
}

const unaryCaller = (client: Client) => (name: string, request: object) =>
  new Promise<unknown>((resolve, reject) => {
    methodOf(client, name)(request, { deadline: Date.now() + CALL_LIMIT_MS }, (error: ServiceError | null, reply: unknown) =>
      error === null ? resolve(reply) : reject(fromServiceError(error)),
    );
  });

const streamCaller = (client: Client) =>
  async function* (name: string, request: object, signal?: AbortSignal): AsyncIterable<unknown> {
    const replies = methodOf(client, name)(request);
    const cancel = () => replies.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      yield* replies;
    } catch (error) {
      if (signal?.aborted !== true) throw fromServiceError(error as ServiceError);
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  };

const Bytes = v.instance(Buffer);

function documentOf<T>(raw: unknown): T {
  return JSON.parse(v.parse(v.object({ json: Bytes }), raw).json.toString('utf8')) as T;
}

const StatusReply = v.object({
  rollout: v.string(),
  state: v.picklist(['none', 'running', 'paused', 'held', 'done', 'rolled-back', 'failed']),
  text: v.string(),
  next: v.string(),
  json: Bytes,
});

function statusOf(raw: unknown): StatusAnswer {
  const { json, ...status } = v.parse(StatusReply, raw);
  return { ...status, detail: JSON.parse(json.toString('utf8')) as unknown };
}

const Progress = v.object({
  progress: v.string(),
  note: v.optional(v.string()),
  plan: v.optional(Bytes),
  refused: v.optional(v.object({ reasons: v.array(v.string()) })),
});

function progressOf(raw: unknown): PlanProgress {
  const { progress, note, plan, refused } = v.parse(Progress, raw);
  if (progress === 'plan' && plan !== undefined) return { plan: v.parse(PlanSchema, JSON.parse(plan.toString('utf8'))), bytes: plan };
  if (progress === 'refused') return { refused: refused?.reasons ?? [] };
  return { note: note ?? '' };
}
