/**
 * One GET over TLS with a client certificate, the server verified as the address that is dialled. Never throws: a refused connection, a
 * certificate of somebody else and a silence are answers. Shared by the Kubernetes client and the availability prober.
 */
import { type Agent, type RequestOptions, request } from 'node:https';
import type { Socket } from 'node:net';
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Endpoint } from '@reberth/protocol/plan.ts';
import type { Answer } from '../probes/probes.ts';
import type { Credentials } from './kubeconfig.ts';

export interface GetOptions {
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly credentials: Credentials;
  /** `false`: a new connection, closed after the answer. */
  readonly agent: Agent | false;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Got {
  readonly status: number;
  readonly body: string;
  readonly socket: Socket;
  /** The server says that it closes the connection after this answer. */
  readonly closes: boolean;
}

/** The Pods of some thousand nodes fit; more is a mistake, and must not fill the memory. */
const BODY_BYTES_MAX = 256 * 1024 * 1024;

export async function get(options: GetOptions): Promise<Answer<Got>> {
  const { endpoint, path, credentials, agent, timeoutMs } = options;
  const tooLate = AbortSignal.timeout(timeoutMs);
  const signal = AbortSignal.any([options.signal, tooLate]);
  try {
    const value = await send({
      host: endpoint.address,
      port: endpoint.port,
      path,
      ca: credentials.ca,
      cert: credentials.certificate,
      key: credentials.key,
      agent,
      signal,
      headers: { accept: 'application/json' },
    });
    return { ok: true, value };
  } catch (error) {
    if (options.signal.aborted) return { ok: false, why: 'no longer wanted' };
    return { ok: false, why: tooLate.aborted ? `no answer within ${timeoutMs} ms` : messageOf(error) };
  }
}

function send(options: RequestOptions, again = true): Promise<Got> {
  return new Promise((resolve, reject) => {
    const asking = request(options, (response) => {
      const { socket } = response;
      const chunks: Buffer[] = [];
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        chunks.push(chunk);
        if (bytes > BODY_BYTES_MAX) response.destroy(new Error(`the answer is longer than ${BODY_BYTES_MAX} bytes`));
      });
      response.on('error', reject);
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: Buffer.concat(chunks).toString('utf8'),
          socket,
          closes: response.headers.connection?.toLowerCase() === 'close',
        }),
      );
    });
    asking.on('error', (error) => {
      // The server closed an idle connection just as it was taken up again: that says nothing about the server.
      if (again && asking.reusedSocket && !options.signal?.aborted) send(options, false).then(resolve, reject);
      else reject(error);
    });
    asking.end();
  });
}
