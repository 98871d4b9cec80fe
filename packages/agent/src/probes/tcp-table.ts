/**
 * Reads `/proc/net/tcp` and `/proc/net/tcp6`: established connections as `address:port` pairs. Pure. IPv4-mapped addresses come out as IPv4,
 * because a dual-stack listener (haproxy, kube-apiserver) shows its IPv4 clients that way. Lines it does not understand are left out.
 */

export interface TcpConnection {
  readonly local: string;
  readonly remote: string;
  readonly inode: string;
}

const ESTABLISHED = '01';

export function establishedTcp(table: string): readonly TcpConnection[] {
  return table.split('\n').flatMap((line) => {
    const [slot, local, remote, state, , , , , , inode] = line.trim().split(/\s+/);
    if (slot === undefined || !/^\d+:$/.test(slot) || state !== ESTABLISHED || inode === undefined) return [];
    const from = socketOf(local);
    const to = socketOf(remote);
    return from === undefined || to === undefined ? [] : [{ local: from, remote: to, inode }];
  });
}

function socketOf(text: string | undefined): string | undefined {
  const [, hex, port] = /^([0-9A-F]{8}|[0-9A-F]{32}):([0-9A-F]{4})$/.exec(text ?? '') ?? [];
  if (hex === undefined || port === undefined) return undefined;
  // The kernel prints 32-bit words in the machine's byte order; every platform Node runs Debian on here is little-endian.
  const bytes = Buffer.from(hex, 'hex');
  bytes.swap32();
  return `${bytes.length === 4 ? ipv4(bytes) : ipv6(bytes)}:${Number.parseInt(port, 16)}`;
}

const ipv4 = (bytes: Buffer): string => [...bytes].join('.');

const MAPPED = Buffer.from('00000000000000000000ffff', 'hex');

function ipv6(bytes: Buffer): string {
  if (bytes.subarray(0, 12).equals(MAPPED)) return ipv4(bytes.subarray(12));
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  // The longest run of zero groups is written as two colons (RFC 5952).
  const runs = [...groups.join(':').matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g)].map(([run]) => run);
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  const text = groups.join(':');
  if (longest === '') return `[${text}]`;
  const at = text.search(new RegExp(`(?<![0-9a-f])${longest}(?![0-9a-f])`));
  return `[${`${text.slice(0, at).replace(/:$/, '')}::${text.slice(at + longest.length).replace(/^:/, '')}`}]`;
}
