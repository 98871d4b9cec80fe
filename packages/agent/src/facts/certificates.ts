/** The certificates of the control plane on this host: whom they name, until when, and which key file lies beside. The key itself is not opened. */
import type { X509Certificate } from 'node:crypto';
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Facts } from '@reberth/protocol/facts.ts';
import { type FactContext, type Found, found, type Problem, problemAt, readText } from './fact.ts';
import { certificatesIn } from './pem.ts';
import type { ScanRoot } from './ports.ts';

const ROOTS: readonly ScanRoot[] = [
  { path: '/etc/kubernetes/ssl', depthMax: 0 },
  { path: '/etc/kubernetes/pki', depthMax: 1 },
  { path: '/etc/etcd/ssl', depthMax: 0 },
];
const LIMITS = { fileBytesMax: 256 * 1024, filesMax: 500, ignore: (path: string) => /\.reberth$|\.reberth-new$/.test(path) };
const KEY_NAME = /-key\.pem$|\.key$/;

type CertificateFact = Facts['certificates'][number];

export async function certificatesFact({ host, survey }: FactContext): Promise<Found<Facts['certificates']>> {
  const { files } = await survey.files(ROOTS, LIMITS);
  const certificates: CertificateFact[] = [];
  const problems: Problem[] = [];
  for (const path of files.filter((file) => /\.(pem|crt|cert)$/.test(file) && !KEY_NAME.test(file))) {
    const text = await readText(host, path);
    problems.push(...text.problems);
    if (text.value === undefined) continue;
    try {
      // The first one is the host's own; those after it vouch for it.
      const [first] = certificatesIn(text.value);
      if (first !== undefined) certificates.push(describe(path, first.certificate, keyBeside(path, files)));
    } catch (error) {
      problems.push(problemAt(path, 0, `not a certificate: ${messageOf(error)}`));
    }
  }
  return found(certificates, problems);
}

function describe(path: string, certificate: X509Certificate, keyFile: string | undefined): CertificateFact {
  const { addresses, names } = alternativeNames(certificate);
  return {
    path,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    addresses,
    names,
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
    algorithm: algorithmOf(certificate),
    fingerprint256: certificate.fingerprint256,
    isCa: certificate.ca,
    ...(keyFile === undefined ? {} : { keyFile }),
  };
}

/** `kubernetes.pem` → `kubernetes-key.pem`, `apiserver.crt` → `apiserver.key`. */
const keyBeside = (path: string, files: readonly string[]): string | undefined =>
  [path.replace(/\.pem$/, '-key.pem'), path.replace(/\.(crt|cert)$/, '.key')].find((candidate) => candidate !== path && files.includes(candidate));

function alternativeNames({ subjectAltName }: X509Certificate): { readonly addresses: string[]; readonly names: string[] } {
  const entries = (subjectAltName ?? '').split(', ');
  const of = (kind: string): string[] => entries.flatMap((entry) => (entry.startsWith(`${kind}:`) ? [entry.slice(kind.length + 1)] : []));
  return { addresses: of('IP Address'), names: of('DNS') };
}

function algorithmOf({ publicKey }: X509Certificate): string {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {};
  const size = modulusLength ?? namedCurve;
  return `${publicKey.asymmetricKeyType ?? 'unknown'}${size === undefined ? '' : ` ${size}`}`;
}

const oneLine = (name: string | undefined): string => (name ?? '').trim().split('\n').join(', ');
