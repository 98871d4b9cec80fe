/**
 * What a certificate says of itself, in the words of facts. Reads the first certificate of a PEM text, which is the holder's own; those
 * after it only vouch for it.
 */
import { X509Certificate } from 'node:crypto';
import { SocketAddress } from 'node:net';
import { type Parsed, parsed, problem, wrong } from '../formats/parsed.ts';

export interface CertificateDescription {
  readonly subject: string;
  readonly issuer: string;
  readonly addresses: readonly string[];
  readonly names: readonly string[];
  readonly notBefore: string;
  readonly notAfter: string;
  readonly algorithm: string;
  readonly fingerprint256: string;
  readonly isCa: boolean;
}

export function describeCertificate(pem: string): Parsed<CertificateDescription> {
  const certificate = leafOf(pem);
  if (certificate === undefined) return wrong(problem(0, 'there is no readable certificate in this file'));
  const { addresses, names } = alternativeNames(certificate);
  return parsed({
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    addresses,
    names,
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
    algorithm: algorithmOf(certificate),
    fingerprint256: certificate.fingerprint256,
    isCa: certificate.ca,
  });
}

/** Every certificate of a PEM text; those that cannot be read are left out. */
export function certificatesIn(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

export const leafOf = (pem: string): X509Certificate | undefined => certificatesIn(pem)[0];

export function alternativeNames({ subjectAltName }: X509Certificate): { readonly addresses: readonly string[]; readonly names: readonly string[] } {
  const entries = (subjectAltName ?? '').split(', ');
  const of = (kind: string): string[] => entries.flatMap((entry) => (entry.startsWith(`${kind}:`) ? [entry.slice(kind.length + 1)] : []));
  return { addresses: of('IP Address'), names: of('DNS') };
}

/** Names and addresses together, each in one spelling, so that 2001:DB8:0::1 is 2001:db8::1. */
export function coveredBy(certificate: X509Certificate): ReadonlySet<string> {
  const { addresses, names } = alternativeNames(certificate);
  return new Set([...addresses, ...names].map(oneSpelling));
}

export function oneSpelling(name: string): string {
  if (!name.includes(':')) return name.toLowerCase();
  try {
    return new SocketAddress({ address: name, family: 'ipv6' }).address;
  } catch {
    return name.toLowerCase();
  }
}

function algorithmOf({ publicKey }: X509Certificate): string {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  const size = modulusLength ?? namedCurve;
  return `${publicKey.asymmetricKeyType ?? 'unknown'}${size === undefined ? '' : ` ${size}`}`;
}

const oneLine = (name: string | undefined): string => (name ?? '').trim().split('\n').join(', ');
