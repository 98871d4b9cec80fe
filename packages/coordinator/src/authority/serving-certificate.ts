/**
 * Signs the API server's new serving certificate with the cluster's CA. A host asks by a signing request; what it gets is what it has now with
 * other names: the same subject, and no name that is neither in its present certificate nor expressly allowed. Nothing else of the request is
 * copied, so a request can gain no right.
 */
import 'reflect-metadata';
import { createPublicKey, webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { type GeneralName, type Name, Pkcs10CertificateRequest, SubjectAlternativeNameExtension, X509Certificate } from '@peculiar/x509';
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Answer } from '../probes/probes.ts';
import { checkClusterCa } from './cluster-ca.ts';
import { issueLeaf } from './issue.ts';

export interface ServingRequest {
  readonly csrPem: string;
  readonly caCertPem: string;
  readonly caKeyPem: string;
  /** What the API server serves now. Without it only `allowed` names are signed, and no subject of Kubernetes' own. */
  readonly currentCertPem?: string;
  /** Names that may be added: the new address. */
  readonly allowed?: readonly string[];
  readonly nowMs: number;
  readonly validForDays: number;
}

const DAY_MS = 86_400_000;
/** Clocks of hosts differ a little; preflight refuses more. */
const BACKDATE_MS = 5 * 60_000;
const RSA_BITS_LEAST = 2048;

/** `value`: the certificate in PEM, signed by the CA directly. Every reason at once when refused. */
export async function signServingCertificate(request: ServingRequest): Promise<Answer<string>> {
  try {
    const ca = checkClusterCa(request.caCertPem, request.caKeyPem, request.nowMs);
    if (!ca.ok) return ca;
    const csr = new Pkcs10CertificateRequest(request.csrPem);
    const reasons = await reasonsAgainst(csr, request);
    if (reasons.length > 0) return { ok: false, why: `cannot sign this request: ${reasons.join('; ')}` };
    const { nowMs, validForDays } = request;
    const certificate = await issueLeaf(
      {
        subject: csr.subjectName,
        publicKey: new Uint8Array(csr.publicKey.rawData),
        names: namesOf(csr).map(({ value }) => value),
        usages: ['server', 'client'],
        enciphersKeys: true,
        notBefore: new Date(nowMs - BACKDATE_MS),
        notAfter: new Date(Math.min(nowMs + validForDays * DAY_MS, ca.value.expiresAtMs)),
      },
      { certificatePem: request.caCertPem, keyPem: request.caKeyPem },
    );
    return { ok: true, value: certificate };
  } catch (error) {
    return { ok: false, why: `cannot sign this request: ${messageOf(error)}` };
  }
}

async function reasonsAgainst(csr: Pkcs10CertificateRequest, { currentCertPem, allowed = [] }: ServingRequest): Promise<readonly string[]> {
  const reasons: string[] = [];
  // A request that its own key did not sign proves nothing; the rest of it is not worth judging.
  if (!(await csr.verify(webcrypto))) return ['its signature is not by its own key'];
  const current = currentCertPem === undefined ? undefined : new X509Certificate(currentCertPem);
  reasons.push(...againstKey(csr), ...againstSubject(csr.subjectName, current?.subjectName));
  const names = namesOf(csr);
  if (names.length === 0) reasons.push('it names no address');
  const odd = names.filter(({ type }) => type !== 'dns' && type !== 'ip');
  if (odd.length > 0) reasons.push(`it asks for ${odd.map(({ type }) => type).join(', ')} names, and only addresses and DNS names are signed`);
  const known = new Set([...(current === undefined ? [] : namesOf(current)).map(textOf), ...allowed.map(textOfWord)]);
  const foreign = names.filter((name) => !known.has(textOf(name)));
  if (foreign.length > 0)
    reasons.push(
      `it asks for ${foreign.map(({ value }) => value).join(', ')}, which the present certificate does not name and this rollout does not add`,
    );
  return reasons;
}

function againstKey(csr: Pkcs10CertificateRequest): readonly string[] {
  const key = createPublicKey({ key: Buffer.from(csr.publicKey.rawData), format: 'der', type: 'spki' });
  if (key.asymmetricKeyType === 'ec') return [];
  if (key.asymmetricKeyType !== 'rsa') return [`its key is of type ${key.asymmetricKeyType}, and RSA or ECDSA is wanted`];
  const bits = key.asymmetricKeyDetails?.modulusLength ?? 0;
  return bits < RSA_BITS_LEAST ? [`its RSA key has ${bits} bits, fewer than ${RSA_BITS_LEAST}`] : [];
}

function againstSubject(wanted: Name, current: Name | undefined): readonly string[] {
  const subject = wanted.toString();
  if (current !== undefined)
    return isSameName(wanted, current) ? [] : [`its subject is ${subject}, and the present certificate's is ${current.toString()}`];
  // Signed by this CA, such a subject would be a user or group of Kubernetes itself.
  return /(^|[=,\s])system:/.test(subject) ? [`its subject is ${subject}, which Kubernetes gives rights to`] : [];
}

/** By content and order; the string type in the encoding may differ between the programs that made them. */
const isSameName = (a: Name, b: Name): boolean => JSON.stringify(a.toJSON().map(plain)) === JSON.stringify(b.toJSON().map(plain));

const plain = (part: Readonly<Record<string, readonly unknown[]>>) =>
  Object.entries(part).map(([type, values]) => [type, values.map((value) => (typeof value === 'string' ? value : Object.values(value as object)))]);

function namesOf(holder: Pkcs10CertificateRequest | X509Certificate): readonly GeneralName[] {
  const extensions: readonly unknown[] = holder.extensions;
  return extensions.flatMap((extension) => (extension instanceof SubjectAlternativeNameExtension ? [...extension.names.items] : []));
}

const textOf = ({ type, value }: GeneralName): string => `${type}:${canonical(type, value)}`;
const textOfWord = (word: string): string => (isIP(word) === 0 ? `dns:${canonical('dns', word)}` : `ip:${canonical('ip', word)}`);

/** One spelling per IPv6 address, and DNS names without regard to case. */
function canonical(type: string, value: string): string {
  if (type === 'ip' && isIP(value) === 6) return new URL(`http://[${value}]/`).hostname;
  return type === 'dns' ? value.toLowerCase() : value;
}
