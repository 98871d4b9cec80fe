/**
 * Three nats-servers that replicate, each a process of its own on free ports of 127.0.0.1, with the configuration that Reberth gives its own
 * broker and a cluster block beside it. Tests kill and start them one by one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { natsServerConfig } from '@reberth/coordinator/broker/config.ts';
import { CLUSTER, freePort, type Ground } from '../integration/support.ts';

export interface NatsCluster {
  readonly servers: readonly string[];
  kill(index: number): Promise<void>;
  start(index: number): Promise<void>;
  /** Which server leads this stream, as an index. */
  leaderOf(stream: string): Promise<number>;
}

export async function natsCluster(here: Ground, count = 3): Promise<NatsCluster> {
  const ports = await Promise.all(Array.from({ length: count * 2 }, freePort));
  const servers = ports.slice(0, count).map((port) => `127.0.0.1:${port}`);
  const routes = ports.slice(count).map((port) => `nats://127.0.0.1:${port}`);
  const children: (ChildProcess | undefined)[] = [];

  async function start(index: number): Promise<void> {
    const folder = join(here.folder, `nats-${index}`);
    await mkdir(folder, { recursive: true });
    const files = { caFile: here.pki('ca.crt'), certFile: here.pki('broker.crt'), keyFile: here.pki('broker.key') };
    const own = JSON.parse(natsServerConfig({ cluster: CLUSTER, hosts: here.hosts, listen: servers[index] ?? '', ...files, stateFolder: folder }));
    const config = join(folder, 'server.conf');
    const cluster = { name: 'test', listen: routes[index]?.replace('nats://', ''), routes };
    await writeFile(config, JSON.stringify({ ...own, server_name: `n${index}`, ...(count === 1 ? {} : { cluster }) }));
    const child = spawn('/usr/sbin/nats-server', ['-c', config, '-l', join(folder, 'log')], { stdio: 'ignore' });
    children[index] = child;
    child.once('exit', () => {
      if (children[index] === child) children[index] = undefined;
    });
  }

  async function kill(index: number): Promise<void> {
    const child = children[index];
    if (child === undefined) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  here.later(async () => {
    for (let index = 0; index < count; index += 1) await kill(index);
  });
  for (let index = 0; index < count; index += 1) await start(index);
  return {
    servers,
    kill,
    start,
    async leaderOf(stream) {
      for (;;) {
        for (const server of servers) {
          const leader = await askLeader(here, server, stream).catch(() => undefined);
          if (leader !== undefined) return Number(leader.slice(1));
        }
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
  };
}

async function askLeader(here: Ground, server: string, stream: string): Promise<string | undefined> {
  const connection = await here.raw(here.pki('coordinator'), '_INBOX', server);
  try {
    const { streams } = await jetstreamManager(connection, { checkAPI: false });
    return (await streams.info(stream)).cluster?.leader;
  } finally {
    await connection.close();
  }
}
