/**
 * A path between a client and a server that can go dead without a word, as a pulled cable does: what is connected stays connected, and nothing
 * comes through any more, in either direction. New connections are accepted by the kernel and heard by nobody while `deaf`.
 */
import { createConnection, createServer, type Socket } from 'node:net';
import type { Ground } from '../integration/support.ts';

export interface TcpProxy {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Connections that were ever made. */
  connections(): number;
  /** What is connected now hears and says nothing any more, for ever. `deaf`: new ones neither, until `heal`. */
  freeze(how?: 'deaf'): void;
  heal(): void;
}

export async function tcpProxy(here: Ground, target: string): Promise<TcpProxy> {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  let connections = 0;
  let deaf = false;
  const server = createServer((near) => {
    connections += 1;
    sockets.add(near);
    near.on('error', () => near.destroy());
    near.once('close', () => sockets.delete(near));
    if (deaf) return void near.pause();
    const far = createConnection({ host, port: Number(port) });
    sockets.add(far);
    far.on('error', () => near.destroy());
    near.once('close', () => far.destroy());
    far.once('close', () => {
      sockets.delete(far);
      near.destroy();
    });
    near.on('data', (bytes) => far.write(bytes));
    far.on('data', (bytes) => near.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('cannot listen');
  here.later(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return {
    address: `127.0.0.1:${address.port}`,
    connections: () => connections,
    freeze(how) {
      deaf = how === 'deaf';
      for (const socket of sockets) {
        socket.removeAllListeners('data');
        socket.pause();
      }
    },
    heal() {
      deaf = false;
    },
  };
}
