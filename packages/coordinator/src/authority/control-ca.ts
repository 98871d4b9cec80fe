/**
 * The control CA: ECDSA P-256, for the traffic between coordinator, agents, broker and operators and for nothing in the cluster. Makes itself
 * and leaves as text; writing is for others.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import type { Credential } from './credentials.ts';
import { type Issuer, issueLeaf, issueSelfSignedCa } from './issue.ts';

const DAY_MS = 86_400_000;
/** The CA outlives its leaves many times; a leaf is made again by another `reberth init`. */
const CA_DAYS = 3650;
const LEAF_DAYS = 365;
/** Hosts' clocks differ a little. */
const BACKDATE_MS = 5 * 60_000;

const validity = (nowMs: number, days: number) => ({ notBefore: new Date(nowMs - BACKDATE_MS), notAfter: new Date(nowMs + days * DAY_MS) });

export const newKeyPem = (kind: 'ec' | 'ed25519'): string =>
  pemOf(kind === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey : generateKeyPairSync('ed25519').privateKey);

const pemOf = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const spkiOf = (keyPem: string): Uint8Array => new Uint8Array(createPublicKey(keyPem).export({ type: 'spki', format: 'der' }));

export const publicKeyPem = (keyPem: string): string => createPublicKey(keyPem).export({ type: 'spki', format: 'pem' }).toString();

export const controlCa = (cluster: string, keyPem: string, nowMs: number): Promise<string> =>
  issueSelfSignedCa(`CN=Reberth control CA ${cluster}`, createPrivateKey(keyPem), spkiOf(keyPem), validity(nowMs, CA_DAYS));

export const certificateFor = ({ commonName, usages, names }: Credential, keyPem: string, issuer: Issuer, nowMs: number): Promise<string> =>
  issueLeaf({ subject: `CN=${commonName}`, publicKey: spkiOf(keyPem), names, usages, ...validity(nowMs, LEAF_DAYS) }, issuer);

/** Why a certificate that is there cannot be kept for this use; undefined when it can. An expired one is not judged: it is made again. */
export function reasonAgainstKept({ commonName, names }: Credential, certificatePem: string, keyPem: string, caPem: string): string | undefined {
  const certificate = new X509Certificate(certificatePem);
  if (!certificate.verify(new X509Certificate(caPem).publicKey)) return 'it was signed by another CA';
  if (!certificate.checkPrivateKey(createPrivateKey(keyPem))) return 'the key beside it is another one';
  if (certificate.subject !== `CN=${commonName}`) return `it is for ${certificate.subject}, and CN=${commonName} is wanted`;
  const missing = names.filter((name) => (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) === undefined);
  return missing.length === 0 ? undefined : `it does not cover ${missing.join(', ')}`;
}

export const isExpired = (certificatePem: string, nowMs: number): boolean => Date.parse(new X509Certificate(certificatePem).validTo) <= nowMs;
