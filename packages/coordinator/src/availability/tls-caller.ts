/**
 * Calls endpoints as a client of the cluster does: over TLS verified as the address that is dialled, with the coordinator's client
 * certificate. Credentials that cannot be read are a failure of ours and say so.
 */
import { Agent } from 'node:https';
import type { Socket } from 'node:net';
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Endpoint } from '@reberth/protocol/plan.ts';
import { type Got, get } from '../kubernetes/get.ts';
import type { Credentials } from '../kubernetes/kubeconfig.ts';
import type { Answer } from '../probes/probes.ts';
import type { Caller, HeldCall } from './caller.ts';

export function tlsCaller(credentials: () => Promise<Credentials>): Caller {
  const ask = async (endpoint: Endpoint, agent: Agent | false, timeoutMs: number, signal: AbortSignal): Promise<Answer<Got>> => {
    try {
      return await get({ endpoint, path: '/readyz', credentials: await credentials(), agent, timeoutMs, signal });
    } catch (error) {
      return { ok: false, why: messageOf(error) };
    }
  };
  return {
    async call(endpoint, timeoutMs, signal) {
      const answer = await ask(endpoint, false, timeoutMs, signal);
      if (!answer.ok) return answer;
      return answer.value.status === 200 ? { ok: true } : { ok: false, why: `answers ${answer.value.status}` };
    },
    hold(endpoint): HeldCall {
      const agent = new Agent({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 });
      const closed = new AbortController();
      // The connection that has answered and must still be the one that answers next.
      let held: Socket | undefined;
      return {
        async request(timeoutMs) {
          const before = held;
          const answer = await ask(endpoint, agent, timeoutMs, closed.signal);
          if (!answer.ok) {
            held = undefined;
            return { is: before === undefined ? 'unopened' : 'broken', why: answer.why };
          }
          // A server that says that it closes breaks nothing: the answer was whole and the client knows.
          held = answer.value.closes ? undefined : answer.value.socket;
          if (before === undefined || before === answer.value.socket) return { is: 'answered' };
          return { is: 'broken', why: 'closed by the other side between two requests' };
        },
        close() {
          closed.abort();
          agent.destroy();
        },
      };
    },
  };
}
