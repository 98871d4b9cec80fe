/**
 * Issues certificates: one function for every kind, whatever key the CA has (RSA or ECDSA). What goes in is already decided; nothing of a
 * request is copied here but its public key and, when the caller hands it over, its subject.
 */
import 'reflect-metadata';
import { createPrivateKey, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  type Name,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509';

export interface Issuer {
  readonly certificatePem: string;
  /** PKCS#1, SEC1 or PKCS#8. */
  readonly keyPem: string;
}

export interface Leaf {
  readonly subject: string | Name;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  /** Addresses and DNS names. */
  readonly names: readonly string[];
  readonly usages: readonly ('server' | 'client')[];
  /** RSA keys of TLS servers are also used to encipher keys. */
  readonly enciphersKeys?: boolean;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export async function issueLeaf(leaf: Leaf, issuer: Issuer): Promise<string> {
  const authority = new X509Certificate(issuer.certificatePem);
  const usage = KeyUsageFlags.digitalSignature | (leaf.enciphersKeys === true ? KeyUsageFlags.keyEncipherment : 0);
  const purposes = leaf.usages.map((use) => ExtendedKeyUsage[`${use}Auth`]);
  const extensions: Extension[] = [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(usage, true),
    new ExtendedKeyUsageExtension(purposes),
    await SubjectKeyIdentifierExtension.create(leaf.publicKey, false, webcrypto),
    await authorityKeyId(authority),
  ];
  if (leaf.names.length > 0) extensions.push(new SubjectAlternativeNameExtension(leaf.names.map(generalName)));
  return certificate({ ...leaf, issuer: authority.subjectName, extensions }, createPrivateKey(issuer.keyPem));
}

/** A CA that signs itself and nothing but leaves. */
export async function issueSelfSignedCa(
  subject: string,
  key: KeyObject,
  publicKey: Uint8Array,
  validity: Pick<Leaf, 'notBefore' | 'notAfter'>,
): Promise<string> {
  const extensions: Extension[] = [
    new BasicConstraintsExtension(true, 0, true),
    new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    await SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
  ];
  return certificate({ ...validity, subject, issuer: subject, publicKey, extensions }, key);
}

const generalName = (name: string) => (isIP(name) === 0 ? { type: 'dns' as const, value: name } : { type: 'ip' as const, value: name });

/** As the CA names its own key, which need not be how we would name it. */
async function authorityKeyId(authority: X509Certificate): Promise<Extension> {
  const own = authority.getExtension(SubjectKeyIdentifierExtension)?.keyId;
  return own === undefined ? AuthorityKeyIdentifierExtension.create(authority.publicKey, false, webcrypto) : new AuthorityKeyIdentifierExtension(own);
}

interface Contents {
  readonly subject: string | Name;
  readonly issuer: string | Name;
  readonly publicKey: Uint8Array;
  readonly extensions: Extension[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

async function certificate(contents: Contents, key: KeyObject): Promise<string> {
  const { algorithm, signingAlgorithm } = algorithmOf(key);
  const signingKey = await webcrypto.subtle.importKey('pkcs8', key.export({ type: 'pkcs8', format: 'der' }), algorithm, false, ['sign']);
  const made = await X509CertificateGenerator.create({ ...contents, serialNumber: serialNumber(), signingKey, signingAlgorithm }, webcrypto);
  return `${made.toString('pem')}\n`;
}

/** Positive, and of full length. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

const CURVES: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
};

function algorithmOf(key: KeyObject) {
  if (key.asymmetricKeyType === 'rsa') {
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
    return { algorithm, signingAlgorithm: algorithm };
  }
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (key.asymmetricKeyType === 'ec' && curve !== undefined) {
    return { algorithm: { name: 'ECDSA', namedCurve: curve.namedCurve }, signingAlgorithm: { name: 'ECDSA', hash: curve.hash } };
  }
  throw new Error(`cannot sign with a key of type ${key.asymmetricKeyType ?? 'unknown'}: RSA or ECDSA on P-256, P-384 or P-521 is wanted`);
}
