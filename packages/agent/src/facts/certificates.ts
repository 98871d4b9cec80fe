/** The certificates of the control plane on this host: whom they name, until when, and which key file lies beside. The key itself is not opened. */
import type { Facts } from '@reberth/protocol/facts.ts';
import { type CertificateDescription, describeCertificate } from '../certificates/describe.ts';
import { type FactContext, type Found, found, type Problem, problemAt, readText } from './fact.ts';
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
    if (!text.value.includes('-----BEGIN CERTIFICATE-----')) continue;
    const described = describeCertificate(text.value);
    if (!described.ok) problems.push(...described.problems.map(({ line, message }) => problemAt(path, line, message)));
    else certificates.push(factOf(path, described.value, keyBeside(path, files)));
  }
  return found(certificates, problems);
}

const factOf = (path: string, described: CertificateDescription, keyFile: string | undefined): CertificateFact => ({
  path,
  ...described,
  addresses: [...described.addresses],
  names: [...described.names],
  ...(keyFile === undefined ? {} : { keyFile }),
});

/** `kubernetes.pem` → `kubernetes-key.pem`, `apiserver.crt` → `apiserver.key`. */
const keyBeside = (path: string, files: readonly string[]): string | undefined =>
  [path.replace(/\.pem$/, '-key.pem'), path.replace(/\.(crt|cert)$/, '.key')].find((candidate) => candidate !== path && files.includes(candidate));
