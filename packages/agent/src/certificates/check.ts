/**
 * Whether a new serving certificate may take the place of another: it comes from the authority, is valid now, covers what it must, belongs to
 * the key, and serves. All that is wrong is named at once; an empty list is a yes.
 */
import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';
import { certificatesIn, coveredBy, leafOf, oneSpelling } from './describe.ts';

const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';

export function checkCertificate(pem: string, caPem: string, mustCover: readonly string[], keyPem: string, nowMs: number): readonly string[] {
  const certificate = leafOf(pem);
  if (certificate === undefined) return ['it cannot be read as a certificate'];
  const covered = coveredBy(certificate);
  const missing = mustCover.filter((name) => !covered.has(oneSpelling(name)));
  return [
    ...(isIssuedBy(certificate, certificatesIn(caPem)) ? [] : ['it was not signed by the authority in the CA file']),
    ...(missing.length > 0 ? [`it does not cover ${missing.join(', ')}`] : []),
    ...validity(certificate, nowMs),
    ...(certificate.ca ? ['it is an authority itself'] : []),
    // Node's `keyUsage` lists the extended usages.
    ...(certificate.keyUsage?.includes(SERVER_AUTH) === false ? ['it is not made for serving'] : []),
    ...belonging(certificate, keyPem),
  ];
}

const isIssuedBy = (certificate: X509Certificate, authorities: readonly X509Certificate[]): boolean =>
  authorities.some((authority) => authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey));

function validity({ validFromDate, validToDate }: X509Certificate, nowMs: number): readonly string[] {
  if (nowMs < validFromDate.getTime()) return [`it is not valid before ${validFromDate.toISOString()}`];
  return nowMs > validToDate.getTime() ? [`it is not valid after ${validToDate.toISOString()}`] : [];
}

function belonging(certificate: X509Certificate, keyPem: string): readonly string[] {
  const key = privateKey(keyPem);
  if (key === undefined) return ['the private key for it cannot be read'];
  return certificate.checkPrivateKey(key) ? [] : ['it was made for another private key'];
}

/** `undefined` for what is no private key. The reason is not told: it could quote the file. */
function privateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}
