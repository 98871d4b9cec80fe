/** A throw-away control CA with a server's and an operator's certificate, in PEM, made anew for each test file that needs one. */
import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  cryptoProvider,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

export interface ThrowAwayTls {
  readonly ca: string;
  readonly server: Pair;
  readonly operator: Pair;
  /** Signed by the same CA for another name, e.g. an agent's; `address` is what it covers besides `localhost`. */
  issue(commonName: string, address?: string): Promise<Pair>;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const HOUR_MS = 3_600_000;

export async function throwAwayTls(): Promise<ThrowAwayTls> {
  // biome-ignore lint/suspicious/noExplicitAny: Node's Crypto and the library's are the same thing under two names.
  cryptoProvider.set(webcrypto as any);
  const caKeys = await newKeys();
  const validity = { notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + HOUR_MS) };
  const ca = await X509CertificateGenerator.createSelfSigned({
    ...validity,
    serialNumber: '01',
    name: 'CN=throw-away control CA',
    keys: caKeys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
  let serial = 1;
  const issue = async (commonName: string, address = '127.0.0.1'): Promise<Pair> => {
    const keys = await newKeys();
    serial += 1;
    const certificate = await X509CertificateGenerator.create({
      ...validity,
      serialNumber: serial.toString(16).padStart(2, '0'),
      subject: `CN=${commonName}`,
      issuer: ca.subject,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new SubjectAlternativeNameExtension([
          { type: 'dns', value: 'localhost' },
          { type: 'ip', value: address },
        ]),
      ],
    });
    const key = PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
    return { certificate: certificate.toString('pem'), key };
  };
  return { ca: ca.toString('pem'), server: await issue('coordinator'), operator: await issue('operator'), issue };
}

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
