/** Certificates in a text, each with the line on which it begins. Private keys between them are passed over unread. */
import { X509Certificate } from 'node:crypto';

export interface PemCertificate {
  readonly line: number;
  readonly certificate: X509Certificate;
}

/** Throws for a block that is no certificate. */
export function certificatesIn(text: string): readonly PemCertificate[] {
  return [...text.matchAll(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)].map((match) => ({
    line: text.slice(0, match.index).split('\n').length,
    certificate: new X509Certificate(match[0]),
  }));
}
