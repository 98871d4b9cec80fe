/**
 * What the doctor makes of what was seen: one finding for each thing that Reberth stands on, good ones included, each with the next move.
 * Pure; `examine.ts` does the looking.
 */
import type { DoctorFinding, HostRow } from '../api/service.ts';
import { CLOCK_SKEW_LIMIT_MS } from '../planner/preflight.ts';
import type { Answer } from '../probes/probes.ts';
import { hostComplaints } from './host-rows.ts';

export interface Seen {
  /** `version` is empty and `syncAlways` undefined for a broker that others run. */
  readonly broker: { readonly connected: boolean; readonly server: string; readonly version: string; readonly syncAlways: boolean | undefined };
  readonly hosts: readonly HostRow[];
  /** `skewMs`: how far the host's clock is ahead of the coordinator's, beyond what the round trip explains. */
  readonly clocks: readonly {
    readonly host: string;
    readonly answer: Answer<{ readonly skewMs: number; readonly synchronised?: boolean | undefined }>;
  }[];
  readonly clusterCa: Answer<unknown>;
  readonly credentials: Answer<unknown>;
  readonly masters: readonly { readonly endpoint: string; readonly answer: Answer<{ readonly status: number }> }[];
  /** Addresses over which coordinator, agents and operators talk. */
  readonly channels: readonly { readonly name: string; readonly address: string }[];
  /** Addresses that keepalived serves anywhere. */
  readonly virtualAddresses: Answer<readonly string[]>;
  /** Files that agents cannot read or make sense of. */
  readonly unreadable: readonly string[];
  readonly stateFolder: { readonly path: string; readonly answer: Answer<unknown> };
}

export function doctorFindings(seen: Seen): readonly DoctorFinding[] {
  return [
    ...broker(seen.broker),
    ...seen.hosts.map(host),
    ...seen.clocks.map(clock),
    finding(
      'cluster CA',
      seen.clusterCa,
      'can sign serving certificates',
      'problem',
      'put CA certificate and key where caFile and caKeyFile of /etc/reberth/coordinator.json say',
    ),
    finding(
      'kubeconfig',
      seen.credentials,
      'holds a client certificate and its key',
      'problem',
      'correct kubeconfig in /etc/reberth/coordinator.json',
    ),
    ...seen.masters.map(master),
    ...channels(seen),
    ...seen.unreadable.map(
      (text): DoctorFinding => ({ subject: 'facts', level: 'problem', text, next: 'correct the file; planning refuses until it can be read' }),
    ),
    finding(
      `state folder ${seen.stateFolder.path}`,
      seen.stateFolder.answer,
      'takes writes',
      'problem',
      'look at free space, owner and mount options',
    ),
  ];
}

const ok = (subject: string, text: string): DoctorFinding => ({ subject, level: 'ok', text, next: '' });

const finding = (subject: string, answer: Answer<unknown>, good: string, level: 'warning' | 'problem', next: string): DoctorFinding =>
  answer.ok ? ok(subject, good) : { subject, level, text: answer.why, next };

/** The first nats-server that knows `sync_interval: always`; broker/version.ts tells which do. */
const SYNC_KNOWN_SINCE = '2.10';

function broker({ connected, server, version, syncAlways }: Seen['broker']): readonly DoctorFinding[] {
  if (!connected) {
    const text = `cannot reach the broker${server === '' ? '' : ` at ${server}`}`;
    return [{ subject: 'broker', level: 'problem', text, next: 'journalctl -u reberth-coordinator' }];
  }
  const connection = ok('broker', `connected to ${server}${version === '' ? '' : `, nats-server ${version}`}`);
  if (syncAlways !== false) return [connection];
  const text = `nats-server ${version} does not know sync_interval (${SYNC_KNOWN_SINCE} does): an ask in its store can be lost with the power; asks are sent again until answered, so nothing but time is lost`;
  return [connection, { subject: 'broker', level: 'warning', text, next: `nats-server ${SYNC_KNOWN_SINCE} or later, when convenient` }];
}

function host(row: HostRow): DoctorFinding {
  const complaints = hostComplaints(row);
  const subject = `host ${row.id}`;
  if (complaints.length === 0) return ok(subject, `heard ${row.heardSecondsAgo} s ago, agent ${row.agentVersion}`);
  const gone = row.state === 'silent' || row.state === 'never heard';
  return {
    subject,
    level: 'problem',
    // The subject names the host.
    text: complaints.map((complaint) => complaint.replace(`${row.id}: `, '')).join('; '),
    next: `${gone ? 'systemctl status' : 'journalctl -u'} reberth-agent on ${row.id}`,
  };
}

function clock({ host, answer }: Seen['clocks'][number]): DoctorFinding {
  const subject = `clock of ${host}`;
  if (!answer.ok) return { subject, level: 'warning', text: `cannot be compared: ${answer.why}`, next: `systemctl status reberth-agent on ${host}` };
  const { skewMs, synchronised } = answer.value;
  const next = `timedatectl on ${host}`;
  if (Math.abs(skewMs) > CLOCK_SKEW_LIMIT_MS) {
    return {
      subject,
      level: 'problem',
      text: `${Math.round(Math.abs(skewMs) / 1000)} s ${skewMs > 0 ? 'ahead of' : 'behind'} the coordinator's`,
      next,
    };
  }
  if (synchronised === false) return { subject, level: 'warning', text: 'right, but no time source keeps it so', next };
  return ok(subject, "agrees with the coordinator's");
}

function master({ endpoint, answer }: Seen['masters'][number]): DoctorFinding {
  const subject = `API server ${endpoint}`;
  const next = 'journalctl -u kube-apiserver on that host';
  if (!answer.ok) return { subject, level: 'problem', text: `cannot reach it: ${answer.why}`, next };
  const { status } = answer.value;
  if (status === 200) return ok(subject, 'is ready');
  if (status === 401 || status === 403)
    return {
      subject,
      level: 'problem',
      text: `refuses the coordinator's credentials (${status})`,
      next: 'correct kubeconfig in /etc/reberth/coordinator.json',
    };
  return { subject, level: 'problem', text: `answers /readyz with ${status}`, next };
}

function channels({ channels, virtualAddresses }: Seen): readonly DoctorFinding[] {
  if (!virtualAddresses.ok) {
    return [
      {
        subject: 'channel',
        level: 'warning',
        text: `cannot tell whether it rides on a virtual address: ${virtualAddresses.why}`,
        next: 'reberth hosts',
      },
    ];
  }
  const riding = channels.filter(({ address }) => virtualAddresses.value.includes(address));
  if (riding.length === 0) return [ok('channel', `${channels.map(({ name, address }) => `${name} ${address}`).join(', ')}: no virtual address`)];
  return riding.map(({ name, address }) => ({
    subject: 'channel',
    level: 'problem',
    text: `${name} is reached at ${address}, a virtual address that may move`,
    next: "use a host's own address",
  }));
}
