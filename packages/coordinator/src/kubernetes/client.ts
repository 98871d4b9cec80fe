/**
 * A small client for the Kubernetes API, read only. It dials the masters at their own addresses, never the address that is moved, and
 * begins with the one that answered last. Every request has a limit; a cluster that does not answer is an answer, with the reason of each
 * master. Credentials are read again from time to time, so that renewed ones are taken up without a restart.
 */
import { Agent } from 'node:https';
import { messageOf } from '@reberth/protocol/errors.ts';
import { type Endpoint, endpointText } from '@reberth/protocol/plan.ts';
import type { Answer } from '../probes/probes.ts';
import { type Got, get } from './get.ts';
import type { Credentials } from './kubeconfig.ts';

export interface GetRequest {
  /** This endpoint and no other. */
  readonly via?: Endpoint;
  /** For each endpoint that is tried. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface KubernetesClient {
  readonly masters: readonly Endpoint[];
  /** Without `via`: the first master that answers with less than 500. */
  get(path: string, request: GetRequest): Promise<Answer<{ readonly status: number; readonly body: string }>>;
  close(): void;
}

export interface KubernetesClientOptions {
  readonly masters: readonly Endpoint[];
  readonly credentials: () => Promise<Credentials>;
  readonly nowMs?: () => number;
}

const CREDENTIALS_MAX_AGE_MS = 30_000;
/** Two snapshots at once need three connections each. */
const SOCKETS_PER_MASTER = 6;

export function createKubernetesClient({ masters, credentials, nowMs = Date.now }: KubernetesClientOptions): KubernetesClient {
  const agents = new Map<string, Agent>();
  let preferred = 0;
  let known: { readonly credentials: Credentials; readonly atMs: number } | undefined;

  const current = async (): Promise<Credentials> => {
    if (known !== undefined && nowMs() - known.atMs < CREDENTIALS_MAX_AGE_MS) return known.credentials;
    const read = await credentials();
    if (known !== undefined && !same(known.credentials, read)) closeAll(agents);
    known = { credentials: read, atMs: nowMs() };
    return read;
  };

  const ask = async (endpoint: Endpoint, path: string, { timeoutMs, signal }: GetRequest): Promise<Answer<Got>> => {
    const name = endpointText(endpoint);
    const agent = agents.get(name) ?? new Agent({ keepAlive: true, maxSockets: SOCKETS_PER_MASTER });
    agents.set(name, agent);
    try {
      return await get({ endpoint, path, credentials: await current(), agent, timeoutMs, signal });
    } catch (error) {
      return { ok: false, why: messageOf(error) };
    }
  };

  return {
    masters,
    async get(path, options) {
      if (options.via !== undefined) return bare(await ask(options.via, path, options));
      const failures: string[] = [];
      let unwell: Answer<Got> | undefined;
      for (const index of turns(preferred, masters.length)) {
        const master = masters[index];
        if (master === undefined || options.signal.aborted) break;
        const answer = await ask(master, path, options);
        if (answer.ok && answer.value.status < 500) {
          preferred = index;
          return bare(answer);
        }
        if (answer.ok) unwell = answer;
        else failures.push(`${endpointText(master)}: ${answer.why}`);
      }
      if (unwell !== undefined) return bare(unwell);
      return { ok: false, why: failures.length > 0 ? failures.join('; ') : options.signal.aborted ? 'no longer wanted' : 'no master is configured' };
    },
    close: () => closeAll(agents),
  };
}

const bare = (answer: Answer<Got>): Answer<{ readonly status: number; readonly body: string }> =>
  answer.ok ? { ok: true, value: { status: answer.value.status, body: answer.value.body } } : answer;

/** All of `count`, each once, beginning at `first`. */
const turns = (first: number, count: number): readonly number[] => Array.from({ length: count }, (_, index) => (first + index) % count);

const same = (a: Credentials, b: Credentials): boolean => a.ca === b.ca && a.certificate === b.certificate && a.key === b.key;

function closeAll(agents: Map<string, Agent>): void {
  for (const agent of agents.values()) agent.destroy();
  agents.clear();
}
