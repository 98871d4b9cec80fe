/**
 * A small client for the Kubernetes API, read only. It dials the masters at their own addresses, never the address that is moved, and
 * begins with the one that answered last. Every request has a limit; a cluster that does not answer is an answer, with the reason of each
 * master.
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
  /** Asked before every request: see `remembered`. */
  readonly credentials: () => Promise<Credentials>;
}

/** Two snapshots at once need three connections each. */
const SOCKETS_PER_MASTER = 6;

export function createKubernetesClient({ masters, credentials }: KubernetesClientOptions): KubernetesClient {
  const agents = new Map<string, Agent>();
  let preferred = 0;
  const ask = async (endpoint: Endpoint, path: string, { timeoutMs, signal }: GetRequest): Promise<Answer<Got>> => {
    const name = endpointText(endpoint);
    const agent = agents.get(name) ?? new Agent({ keepAlive: true, maxSockets: SOCKETS_PER_MASTER });
    agents.set(name, agent);
    try {
      return await get({ endpoint, path, credentials: await credentials(), agent, timeoutMs, signal });
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
    close() {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

const bare = (answer: Answer<Got>): Answer<{ readonly status: number; readonly body: string }> =>
  answer.ok ? { ok: true, value: { status: answer.value.status, body: answer.value.body } } : answer;

/** All of `count`, each once, beginning at `first`. */
const turns = (first: number, count: number): readonly number[] => Array.from({ length: count }, (_, index) => (first + index) % count);
