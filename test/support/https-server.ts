/** Small TLS servers on the loopback that want a client certificate, for tests of what talks to API servers. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Credentials } from '@reberth/coordinator/kubernetes/kubeconfig.ts';
import type { Endpoint } from '@reberth/protocol/plan.ts';
import type { ThrowAwayTls } from './tls.ts';

export interface TestServer {
  readonly endpoint: Endpoint;
  /** Common names of those who asked, with the path. */
  readonly asked: readonly string[];
  readonly connections: () => number;
  /** Cuts every open connection and goes on listening. */
  cut(): void;
  close(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export const answering =
  (status: number, body = ''): Handler =>
  (_request, response) =>
    response.writeHead(status).end(body);

export async function httpsServer(tls: ThrowAwayTls, handler: Handler, address = '127.0.0.1', port = 0): Promise<TestServer> {
  const asked: string[] = [];
  let connections = 0;
  const server: Server = createServer(
    { cert: tls.server.certificate, key: tls.server.key, ca: tls.ca, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      asked.push(`${(request.socket as TLSSocket).getPeerCertificate().subject.CN} ${request.url}`);
      handler(request, response);
    },
  );
  server.on('secureConnection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  return {
    endpoint: { address, port: (server.address() as AddressInfo).port },
    asked,
    connections: () => connections,
    cut: () => server.closeAllConnections(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const credentialsOf = (tls: ThrowAwayTls): Credentials => ({ ca: tls.ca, certificate: tls.operator.certificate, key: tls.operator.key });
