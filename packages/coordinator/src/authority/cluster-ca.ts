/** Whether the cluster's CA, as it lies on the coordinator host, can sign now. An answer, never an exception; nothing of the key is told. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Answer } from '../probes/probes.ts';

export interface ClusterCa {
  readonly subject: string;
  readonly expiresAtMs: number;
}

export function checkClusterCa(certPem: string, keyPem: string, nowMs: number = Date.now()): Answer<ClusterCa> {
  try {
    const certificate = new X509Certificate(certPem);
    const why = reasonAgainst(certificate, keyPem, nowMs);
    if (why !== undefined) return { ok: false, why: `cannot sign with the cluster's CA: ${why}` };
    return { ok: true, value: { subject: certificate.subject.replaceAll('\n', ', '), expiresAtMs: Date.parse(certificate.validTo) } };
  } catch (error) {
    return { ok: false, why: `cannot read the cluster's CA: ${messageOf(error)}` };
  }
}

function reasonAgainst(certificate: X509Certificate, keyPem: string, nowMs: number): string | undefined {
  const key = createPrivateKey(keyPem);
  if (!certificate.checkPrivateKey(key)) return 'the key does not belong to the certificate';
  if (!certificate.ca) return 'the certificate is not that of a CA';
  if (Date.parse(certificate.validTo) <= nowMs) return `it expired on ${certificate.validTo}`;
  if (Date.parse(certificate.validFrom) > nowMs) return `it is not valid before ${certificate.validFrom}`;
  if (key.asymmetricKeyType !== 'rsa' && key.asymmetricKeyType !== 'ec')
    return `its key is of type ${key.asymmetricKeyType}, and RSA or ECDSA is wanted`;
  return undefined;
}
