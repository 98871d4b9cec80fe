/**
 * The configuration of the nats-server that the coordinator runs, as text. Pure. Everybody needs a certificate of the control CA, and the
 * certificate's name decides what its holder may say and hear: the coordinator everything, a host only what bears its own name. There is no
 * default user, so a certificate with any other name opens nothing.
 */
import { ReberthError } from '@reberth/protocol/errors.ts';
import { type HostId, hostId } from '@reberth/protocol/ids.ts';
import { subjectsOf, subjectToken } from '@reberth/protocol/subjects.ts';
import { agentName, COORDINATOR_NAME } from '../authority/identity.ts';

export interface BrokerOptions {
  readonly cluster: string;
  readonly hosts: readonly HostId[];
  /** `address:port` */
  readonly listen: string;
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** JetStream's files and the process's own are below it. */
  readonly stateFolder: string;
  /** Port of the monitoring page on 127.0.0.1; none without it. */
  readonly monitorPort?: number;
  /** `sync_interval: always`, which exists from server 2.10 on; an older server refuses to start with it. */
  readonly syncAlways?: boolean;
}

/** A message of the largest size, with its envelope and headers. */
const MAX_PAYLOAD_BYTES = 2 * 1024 * 1024;
/** The longest dry run. After that a host may not answer any more. */
const ANSWER_WITHIN = '2m';

export function natsServerConfig(options: BrokerOptions): string {
  refuseTwins(options.hosts);
  const { host, port } = listenOf(options.listen);
  const config = {
    server_name: `reberth-${subjectToken(options.cluster)}`,
    host,
    port,
    pid_file: `${options.stateFolder}/nats-server.pid`,
    max_payload: MAX_PAYLOAD_BYTES,
    ...(options.monitorPort === undefined ? {} : { http: `127.0.0.1:${options.monitorPort}` }),
    tls: { cert_file: options.certFile, key_file: options.keyFile, ca_file: options.caFile, verify_and_map: true, timeout: 5 },
    jetstream: { store_dir: `${options.stateFolder}/jetstream`, ...(options.syncAlways === true ? { sync_interval: 'always' } : {}) },
    authorization: { users: [coordinatorUser(), ...options.hosts.map((id) => hostUser(options.cluster, id))] },
  };
  // The server's own format takes JSON, and JSON leaves nothing to quote by hand.
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

const coordinatorUser = () => ({ user: `CN=${COORDINATOR_NAME}`, permissions: { publish: '>', subscribe: '>' } });

function hostUser(cluster: string, host: HostId) {
  const subjects = subjectsOf(cluster);
  return {
    user: `CN=${agentName(host)}`,
    permissions: {
      // The direct get names the subject, so that no host can read another's ask.
      publish: { allow: [subjects.report(host), subjects.health(host), `$JS.API.DIRECT.GET.${subjects.askStream}.${subjects.ask(host)}`] },
      subscribe: { allow: [subjects.ask(host), subjects.query(host), `${subjects.inboxPrefix(host)}.>`] },
      allow_responses: { max: 1, expires: ANSWER_WITHIN },
    },
  };
}

/** `a.b` and `a-b` are one name on the wire: they would read each other's asks. */
function refuseTwins(hosts: readonly HostId[]): void {
  const seen = new Map<string, HostId>([[COORDINATOR_NAME, hostId('the coordinator')]]);
  for (const host of hosts) {
    const twin = seen.get(subjectToken(host));
    if (twin !== undefined)
      throw new ReberthError('config-invalid', `cannot tell hosts ${twin} and ${host} apart: on the wire both are ${subjectToken(host)}`);
    seen.set(subjectToken(host), host);
  }
}

/** `[2001:db8::1]:4222` → host and port. */
export function listenOf(listen: string): { readonly host: string; readonly port: number } {
  const at = listen.lastIndexOf(':');
  return { host: listen.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port: Number(listen.slice(at + 1)) };
}
