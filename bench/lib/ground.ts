/**
 * A real broker for one benchmark, as a coordinator would start it: credentials made by `initialise`, mutual TLS, permissions per host, a free
 * port of 127.0.0.1. Nothing of it stays.
 */
import { access, constants, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { type AgentConfig, parseConfig } from '@reberth/agent/config.ts';
import { initialise } from '@reberth/coordinator/authority/initialise.ts';
import { startBroker } from '@reberth/coordinator/broker/broker.ts';
import { natsWire } from '@reberth/coordinator/wire/nats-wire.ts';
import type { Wire } from '@reberth/coordinator/wire/wire.ts';
import { type HostId, hostId } from '@reberth/protocol/ids.ts';
import { freePort, until } from '../../test/integration/support.ts';
import type { Cleanup } from './cleanup.ts';

export const CLUSTER = 'bench';
const PROGRAM = '/usr/sbin/nats-server';

export const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

export interface Ground {
  readonly hosts: readonly HostId[];
  /** Connected. */
  readonly wire: Wire;
  /** The configuration of a host's agent, as a file. */
  configFile(host: HostId): Promise<string>;
  config(host: HostId): Promise<AgentConfig>;
  /** A bare connection with the credentials of the coordinator, or of a host. */
  raw(host?: HostId): Promise<NatsConnection>;
}

export async function raiseGround(cleanup: Cleanup, folder: string, names: readonly string[]): Promise<Ground> {
  await access(PROGRAM, constants.X_OK).catch(() => {
    throw new Error(`cannot measure without ${PROGRAM}: apt-get install --no-install-recommends nats-server`);
  });
  const hosts = names.map(hostId);
  const etc = join(folder, 'etc');
  await initialise({
    cluster: CLUSTER,
    address: '127.0.0.1',
    hosts: names,
    masters: ['127.0.0.1:6443'],
    ...{ kubeconfig: '/none', caFile: '/none', caKeyFile: '/none', folder: etc, operatorFolder: join(folder, 'operator') },
  });
  const pki = (name: string) => join(etc, 'pki', name);
  const bundle = (host: HostId, name: string) => join(etc, 'hosts', host, name);
  const listen = `127.0.0.1:${await freePort()}`;
  const stateFolder = join(folder, 'broker');
  const own = (name: string) => ({ caFile: pki('ca.crt'), certFile: pki(`${name}.crt`), keyFile: pki(`${name}.key`) });
  const broker = await startBroker({ program: PROGRAM, cluster: CLUSTER, hosts, listen, ...own('broker'), stateFolder, log: quiet });
  cleanup.add(() => broker.stop());
  const wire = await natsWire({
    cluster: CLUSTER,
    servers: [listen],
    ...own('coordinator'),
    signingKeyFile: pki('signing.key'),
    log: quiet,
    nowMs: Date.now,
  });
  cleanup.add(() => wire.close());
  await until('the coordinator is connected', () => wire.status().connected);

  const configText = (host: HostId) => JSON.stringify({ cluster: CLUSTER, host, servers: [listen], stateFolder: join(folder, 'state', host) });
  return {
    hosts,
    wire,
    async configFile(host) {
      const file = bundle(host, 'agent.json');
      await writeFile(file, configText(host));
      return file;
    },
    config: async (host) => parseConfig(configText(host), bundle(host, 'agent.json')),
    async raw(host) {
      const stem = host === undefined ? pki('coordinator') : bundle(host, 'agent');
      const tls = { caFile: pki('ca.crt'), certFile: `${stem}.crt`, keyFile: `${stem}.key`, host: '127.0.0.1' };
      const connection = await connect({ servers: listen, tls, reconnect: false });
      cleanup.add(() => connection.close());
      return connection;
    },
  };
}
