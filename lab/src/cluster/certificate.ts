/** Certificates as cfssl makes them for kubeasz: RSA 2048, ten years, one subject form. Pure but for key making. */
import 'reflect-metadata';
import { createPrivateKey, KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import * as x509 from '@peculiar/x509';

export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

export interface Wanted {
  readonly commonName: string;
  readonly organization: string;
  /** Addresses and names that a server answers to. */
  readonly hosts?: readonly string[];
}

const ALGORITHM = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) } as const;
const YEARS = 10;
/** A clock that is a little behind still finds it valid. */
const BACKDATED_MS = 5 * 60_000;

x509.cryptoProvider.set(webcrypto as typeof globalThis.crypto);

export async function makeAuthority(wanted: Wanted): Promise<Pair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...common(),
    name: subject(wanted),
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 2, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: privatePem(keys.privateKey) };
}

/** A certificate for clients and servers alike, as the profile `kubernetes` of kubeasz has it. */
export async function issue(authority: Pair, wanted: Wanted): Promise<Pair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const issuer = new x509.X509Certificate(authority.certificate);
  const names = (wanted.hosts ?? []).map((value) => ({ type: isIP(value) === 0 ? ('dns' as const) : ('ip' as const), value }));
  const certificate = await x509.X509CertificateGenerator.create({
    ...common(),
    subject: subject(wanted),
    issuer: issuer.subject,
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority.key),
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.BasicConstraintsExtension(false, undefined, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  return { certificate: `${certificate.toString('pem')}\n`, key: privatePem(keys.privateKey) };
}

/** The request that cfssl was given, as kubeasz leaves it beside the certificate. */
export function signingRequest({ commonName, organization, hosts = [] }: Wanted): string {
  const names = [{ C: 'CN', ST: 'HangZhou', L: 'XS', O: organization, OU: 'System' }];
  return `${JSON.stringify({ CN: commonName, hosts, key: { algo: 'rsa', size: 2048 }, names }, undefined, 2)}\n`;
}

const subject = ({ commonName, organization }: Wanted): string => `C=CN, ST=HangZhou, L=XS, O=${organization}, OU=System, CN=${commonName}`;

function common() {
  const notBefore = new Date(Date.now() - BACKDATED_MS);
  const notAfter = new Date(notBefore);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + YEARS);
  const serial = randomBytes(16);
  // Positive, and no leading zero.
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  return { serialNumber: serial.toString('hex'), notBefore, notAfter, signingAlgorithm: ALGORITHM };
}

const privatePem = (key: webcrypto.CryptoKey): string => KeyObject.from(key).export({ type: 'pkcs1', format: 'pem' }).toString();

async function signingKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, true, ['sign']);
}
