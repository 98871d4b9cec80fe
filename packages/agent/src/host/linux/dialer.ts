/**
 * Dials API endpoints over TLS for the observer, verified against the cluster's CA as the address that is dialled. Sends no credentials.
 * The CA is read once per target; every request has a time limit.
 */
import { readFile } from 'node:fs/promises';
import { Agent, type RequestOptions, request } from 'node:https';
import type { Socket } from 'node:net';
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Dialed, Dialer, Held, Target } from '../../observe/dialer.ts';

type Asked =
  | { readonly ok: true; readonly status: number; readonly socket: Socket; readonly closes: boolean }
  | { readonly ok: false; readonly why: string };

export function linuxDialer(): Dialer {
  const authorities = new Map<string, Buffer>();
  const authorityOf = async (file: string): Promise<Buffer> => {
    const known = authorities.get(file) ?? (await readFile(file));
    authorities.set(file, known);
    return known;
  };
  return {
    async dial(target, timeoutMs): Promise<Dialed> {
      const asked = await ask(target, authorityOf, timeoutMs, false);
      if (!asked.ok) return asked;
      return asked.status < 500 ? { ok: true } : { ok: false, why: `answers ${asked.status}` };
    },
    hold: (target) => hold(target, authorityOf),
  };
}

function hold(target: Target, authorityOf: (file: string) => Promise<Buffer>): Held {
  const agent = new Agent({ keepAlive: true, maxSockets: 1, maxFreeSockets: 1 });
  // The connection that has answered and must still be the one that answers next.
  let held: Socket | undefined;
  return {
    async request(timeoutMs) {
      const before = held;
      const asked = await ask(target, authorityOf, timeoutMs, agent);
      if (!asked.ok) {
        held = undefined;
        return { is: before === undefined ? 'unopened' : 'broken', why: asked.why };
      }
      // A server that says that it closes breaks nothing: the answer was whole and the client knows.
      held = asked.closes ? undefined : asked.socket;
      return before === undefined || before === asked.socket
        ? { is: 'answered' }
        : { is: 'broken', why: 'closed by the other side between two requests' };
    },
    close: () => agent.destroy(),
  };
}

async function ask(target: Target, authorityOf: (file: string) => Promise<Buffer>, timeoutMs: number, agent: Agent | false): Promise<Asked> {
  try {
    const ca = await authorityOf(target.caFile);
    return await get({ host: target.address, port: target.port, path: '/readyz', ca, agent, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    return { ok: false, why: nameOf(error) === 'TimeoutError' ? `no answer within ${timeoutMs} ms` : messageOf(error) };
  }
}

function get(options: RequestOptions): Promise<Asked> {
  return new Promise((resolve, reject) => {
    const asking = request(options, (response) => {
      const { socket } = response;
      response.on('error', reject);
      response.on('end', () =>
        resolve({ ok: true, status: response.statusCode ?? 0, socket, closes: response.headers.connection?.toLowerCase() === 'close' }),
      );
      response.resume();
    });
    asking.on('error', (error) => reject(options.signal?.aborted ? options.signal.reason : error));
    asking.end();
  });
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');
