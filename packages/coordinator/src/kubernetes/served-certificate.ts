/**
 * The certificate that an API server serves now, verified by the cluster's CA: what a new one is compared with before it is signed. Its
 * address need not be covered, because covering it may be what the new one is for. Unreachable is an answer.
 */
import { X509Certificate } from 'node:crypto';
import { connect } from 'node:tls';
import type { Endpoint } from '@reberth/protocol/plan.ts';
import type { Answer } from '../probes/probes.ts';

const TIMEOUT_MS = 5_000;

export function servedCertificate({ address, port }: Endpoint, ca: string): Promise<Answer<string>> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port, ca, checkServerIdentity: () => undefined, timeout: TIMEOUT_MS });
    const settle = (answer: Answer<string>): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('secureConnect', () => settle({ ok: true, value: new X509Certificate(socket.getPeerCertificate().raw).toString() }));
    socket.once('timeout', () => settle({ ok: false, why: `${address}:${port} does not answer within ${TIMEOUT_MS} ms` }));
    socket.once('error', (error) => settle({ ok: false, why: `${address}:${port}: ${error.message}` }));
  });
}
