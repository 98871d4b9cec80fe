/**
 * The looking of the doctor: asks hosts, masters, the CA and the disk, all at once, and hands on what they said. Everything that can fail
 * is an answer; judging is in doctor-findings.ts.
 */
import { randomBytes } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@reberth/protocol/errors.ts';
import { type Facts, FactsSchema } from '@reberth/protocol/facts.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import { endpointText } from '@reberth/protocol/plan.ts';
import type { Query, QueryAnswer } from '@reberth/protocol/query.ts';
import * as v from 'valibot';
import type { DoctorFinding } from '../api/service.ts';
import type { KubernetesClient } from '../kubernetes/client.ts';
import type { Answer } from '../probes/probes.ts';
import { doctorFindings, type Seen } from './doctor-findings.ts';
import { type Heartbeats, hostRows } from './host-rows.ts';

export interface DoctorParts {
  readonly hosts: readonly HostId[];
  readonly heartbeats: Heartbeats;
  readonly channels: Seen['channels'];
  readonly stateFolder: string;
  broker(): Seen['broker'];
  query(host: HostId, query: Query, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<QueryAnswer>;
  readonly kubernetes: KubernetesClient;
  /** Reads the admin kubeconfig; rejects with the reason. */
  credentials(): Promise<unknown>;
  clusterCa(): Promise<Answer<unknown>>;
  nowMs(): number;
}

/** Facts include a scan of folders. */
const QUERY_TIMEOUT_MS = 10_000;
const API_TIMEOUT_MS = 5_000;

export const doctor = async (parts: DoctorParts, signal: AbortSignal): Promise<readonly DoctorFinding[]> =>
  doctorFindings(await examine(parts, signal));

export async function examine(parts: DoctorParts, signal: AbortSignal): Promise<Seen> {
  const { hosts, heartbeats, channels, stateFolder, kubernetes } = parts;
  const [clocks, facts, clusterCa, credentials, masters, writable] = await Promise.all([
    Promise.all(hosts.map(async (host) => ({ host, answer: await clockOf(parts, host, signal) }))),
    Promise.all(hosts.map((host) => factsOf(parts, host, signal))),
    answered(async () => parts.clusterCa()).then((answer) => (answer.ok ? answer.value : answer)),
    answered(() => parts.credentials()),
    Promise.all(
      kubernetes.masters.map(async (via) => ({
        endpoint: endpointText(via),
        answer: await kubernetes.get('/readyz', { via, timeoutMs: API_TIMEOUT_MS, signal }),
      })),
    ),
    answered(() => writeOnce(stateFolder)),
  ]);
  const known = facts.flatMap((answer) => (answer.ok ? [answer.value] : []));
  const silent = facts.flatMap((answer, index) => (answer.ok ? [] : [`${hosts[index] ?? ''}: ${answer.why}`]));
  return {
    broker: parts.broker(),
    hosts: hostRows(hosts, heartbeats, parts.nowMs()),
    clocks,
    clusterCa,
    credentials,
    masters,
    channels,
    virtualAddresses: silent.length > 0 ? { ok: false, why: silent.join('; ') } : { ok: true, value: known.flatMap(virtualAddressesOf) },
    unreadable: known.flatMap(({ host, problems }) => problems.map(({ file, line, message }) => `${host}: ${file}:${line}: ${message}`)),
    stateFolder: { path: stateFolder, answer: writable },
  };
}

const virtualAddressesOf = ({ keepalived }: Facts): readonly string[] =>
  (keepalived?.instances ?? []).flatMap(({ addresses, excluded }) => [...addresses, ...excluded].map(({ address }) => address));

const Clock = v.object({ nowMs: v.number(), synchronised: v.optional(v.boolean()) });

async function clockOf(parts: DoctorParts, host: HostId, signal: AbortSignal): Promise<Seen['clocks'][number]['answer']> {
  const sentAtMs = parts.nowMs();
  const answer = await ask(parts, host, { kind: 'probe', probe: 'clock', params: {} }, Clock, signal);
  if (!answer.ok) return answer;
  const { nowMs, synchronised } = answer.value;
  // Anything between sending and receiving is no skew.
  const skewMs = nowMs - Math.min(Math.max(nowMs, sentAtMs), parts.nowMs());
  return { ok: true, value: { skewMs, synchronised } };
}

const factsOf = (parts: DoctorParts, host: HostId, signal: AbortSignal): Promise<Answer<Facts>> =>
  ask(parts, host, { kind: 'facts', addresses: [] }, FactsSchema, signal);

async function ask<T>(parts: DoctorParts, host: HostId, query: Query, schema: v.GenericSchema<unknown, T>, signal: AbortSignal): Promise<Answer<T>> {
  const asked = await answered(() => parts.query(host, query, { timeoutMs: QUERY_TIMEOUT_MS, signal }));
  const answer = asked.ok ? asked.value : asked;
  if (!answer.ok) return answer;
  const parsed = v.safeParse(schema, answer.value);
  return parsed.success
    ? { ok: true, value: parsed.output }
    : { ok: false, why: 'answers in an unexpected shape; is its agent of the same version?' };
}

async function answered<T>(work: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, why: messageOf(error) };
  }
}

/** The only proof that a folder takes writes is a write that reached the disk. */
async function writeOnce(folder: string): Promise<void> {
  const path = join(folder, `.doctor-${randomBytes(4).toString('hex')}`);
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile('reberth doctor\n');
    await file.sync();
  } finally {
    await file.close();
    await unlink(path);
  }
}
