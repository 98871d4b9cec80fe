/** One host's facts for people: what matters for a move. Everything else is in --json. Pure. */
import type { Facts } from '@reberth/protocol/facts.ts';
import type { Paint } from './words.ts';

export function renderFacts(facts: Facts, paint: Paint): string {
  const { identity } = facts;
  const lines = [
    paint('bold', `${facts.host}  ${identity.hostname}, ${identity.os}, agent ${identity.agentVersion}`),
    ...section(
      'Addresses',
      facts.addresses.map(({ networkInterface, address }) => `${networkInterface}  ${address}`),
      paint,
    ),
    ...section(
      'Units',
      facts.units.map(({ name, active, sub }) => `${name}  ${active} (${sub})`),
      paint,
    ),
    ...section('keepalived', keepalived(facts), paint),
    ...section('haproxy', haproxy(facts), paint),
    ...section(
      'Kubeconfigs',
      facts.kubeconfigs.map(({ path, server, user }) => `${path}  ${server}  as ${user}`),
      paint,
    ),
    ...section(
      'Certificates',
      facts.certificates.map(
        ({ path, subject, addresses, notAfter }) => `${path}  ${subject}  ${addresses.join(', ') || 'no addresses'}  until ${notAfter}`,
      ),
      paint,
    ),
    ...section(
      'Versions',
      Object.entries(facts.versions).map(([program, version]) => `${program}  ${version}`),
      paint,
    ),
    ...section(
      'Places that hold an address of the move',
      facts.places.map(({ address, path, line, form }) => `${address}  ${path}${form === 'text' ? `:${line}` : ' (in the certificate)'}`),
      paint,
    ),
    ...section(
      'Problems',
      facts.problems.map(({ file, line, message }) => `${file}:${line}: ${message}`),
      paint,
    ),
  ];
  return `${lines.join('\n')}\n`;
}

const section = (title: string, lines: readonly string[], paint: Paint): readonly string[] =>
  lines.length === 0 ? [] : ['', paint('bold', title), ...lines.map((line) => `  ${line}`)];

const keepalived = ({ keepalived: daemon }: Facts): readonly string[] =>
  (daemon?.instances ?? []).map(
    ({ name, virtualRouterId, networkInterface, priority, addresses }) =>
      `${name}  router id ${virtualRouterId} on ${networkInterface}, priority ${priority}: ${addresses.map(({ address }) => address).join(', ')}`,
  );

const haproxy = ({ haproxy: daemon }: Facts): readonly string[] =>
  (daemon?.frontends ?? []).map(
    ({ name, binds, servers }) =>
      `${name}  ${binds.map(({ address, port }) => `${address}:${port}`).join(', ')} → ${servers.map(({ address, port }) => `${address}:${port}`).join(', ')}`,
  );
