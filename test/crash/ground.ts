/** What trials of one lane share: credentials made by `initialise`, and a real nats-server whose memory of asks is wiped between two trials. */

import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { initialise } from '@reberth/coordinator/authority/initialise.ts';
import { startBroker } from '@reberth/coordinator/broker/broker.ts';
import { subjectsOf } from '@reberth/protocol/subjects.ts';
import { freePort } from '../integration/support.ts';
import type { Log } from './options.ts';
import { CLUSTER, HOSTS } from './world.ts';

const PROGRAM = '/usr/sbin/nats-server';
const quiet: Log = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** A kill takes nothing from memory that was written, so a disk in memory tells the same, and nobody waits for it. */
export const ROOM = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export interface Lane {
  readonly folder: string;
  readonly etc: string;
  readonly server: string;
  forgetAsks(): Promise<void>;
  close(): Promise<void>;
}

export async function openLane(): Promise<Lane> {
  const folder = await mkdtemp(join(ROOM, 'reberth-crash-'));
  const etc = join(folder, 'etc');
  const server = `127.0.0.1:${await freePort()}`;
  const nothing = { kubeconfig: '/nothing', caFile: '/nothing', caKeyFile: '/nothing', operatorFolder: join(folder, 'operator') };
  await initialise({ cluster: CLUSTER, address: '127.0.0.1', hosts: [...HOSTS], masters: ['127.0.0.1:6443'], folder: etc, ...nothing });
  const pki = (name: string): string => join(etc, 'pki', name);
  const broker = await startBroker({
    ...{ program: PROGRAM, cluster: CLUSTER, hosts: HOSTS, listen: server, stateFolder: join(folder, 'broker'), log: quiet },
    ...{ caFile: pki('ca.crt'), certFile: pki('broker.crt'), keyFile: pki('broker.key') },
  });
  const tls = { caFile: pki('ca.crt'), certFile: pki('coordinator.crt'), keyFile: pki('coordinator.key'), host: '127.0.0.1' };
  const connection = await connect({ servers: server, tls, inboxPrefix: '_INBOX_coordinator' });
  const { streams } = await jetstreamManager(connection);
  return {
    folder,
    etc,
    server,
    // There is none before the first trial.
    forgetAsks: async () => void (await streams.purge(subjectsOf(CLUSTER).askStream).catch(() => undefined)),
    async close() {
      await connection.close();
      await broker.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
