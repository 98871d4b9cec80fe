/**
 * Makes a new private key beside the present one, and out of it the request for a certificate that covers other addresses. The key is
 * made while looking, so that the journal knows it before it is written; it never leaves the host. The request is the output.
 */
import * as v from 'valibot';
import { coveredBy, leafOf, oneSpelling } from '../certificates/describe.ts';
import { makeKey, makeRequest } from '../certificates/key-and-request.ts';
import type { FileState } from '../host/host.ts';
import { defineAction } from './action.ts';
import { filesStanding, plannedFile, putContent, putOriginal, verifyFiles } from './files.ts';
import { PathSchema, PlainSchema } from './params.ts';

const ParamsSchema = v.object({
  certFile: PathSchema,
  keyFile: PathSchema,
  caFile: PathSchema,
  stagedKeyFile: PathSchema,
  addAddresses: v.array(PlainSchema),
  removeAddresses: v.array(PlainSchema),
});
type Params = v.InferOutput<typeof ParamsSchema>;

interface Seen {
  readonly certificate: FileState | undefined;
  readonly key: FileState | undefined;
  readonly stagedKey: FileState | undefined;
  /** Absent when none is needed, or none can be made: then `whyNoKey` says why. */
  readonly newKeyPem: string | undefined;
  readonly whyNoKey: string;
}

export const servingCertificateRequested = defineAction<Params, Seen>({
  kind: 'serving-certificate-requested',
  version: 1,
  risk: 'local',
  params: ParamsSchema,
  title: ({ certFile, addAddresses, removeAddresses }) =>
    `make a key and a request for ${certFile}${words(' with ', addAddresses)}${words(' without ', removeAddresses)}`,
  touches: ({ stagedKeyFile }) => [`file:${stagedKeyFile}`],

  async inspect(host, params) {
    const certificate = await host.readFile(params.certFile);
    const key = await host.readFile(params.keyFile);
    const stagedKey = await host.readFile(params.stagedKeyFile);
    const made = await newKey(params, certificate, key);
    return { certificate, key, stagedKey, ...made };
  },

  plan(params, { certificate, key, stagedKey, newKeyPem, whyNoKey }) {
    const leaf = leafIn(certificate);
    const problems = [
      ...(leaf === undefined
        ? [`${params.certFile}: ${certificate === undefined ? 'there is no such file' : 'there is no readable certificate in it'}`]
        : []),
      ...(key === undefined ? [`${params.keyFile}: there is no such file`] : []),
    ];
    if (leaf === undefined || key === undefined) return { is: 'refuse', problems };
    if (isSo(params, coveredBy(leaf))) return { is: 'noop', why: `${params.certFile} covers what it should already` };
    if (newKeyPem === undefined) return { is: 'refuse', problems: [`${params.certFile}: ${whyNoKey}`] };
    const file = plannedFile(params.stagedKeyFile, stagedKey, { bytes: Buffer.from(newKeyPem), mode: 0o600, uid: key.uid, gid: key.gid }, true);
    return { is: 'change', change: { files: [file], readers: [], detail: {} }, diffs: [] };
  },

  compare: (host, { files }) => filesStanding(host, files),
  apply: (host, { files }) => putContent(host, files),

  async verify(host, change, params) {
    const written = await verifyFiles(host, change.files);
    if (!written.ok) return written;
    const certificate = await host.readFile(params.certFile);
    const leaf = leafIn(certificate);
    const keyPem = change.files[0]?.content?.bytes.toString('utf8');
    if (leaf === undefined || keyPem === undefined) return { ok: false, why: `${params.certFile} cannot be read any more` };
    return { ok: true, outputs: { csr: await makeRequest(leaf.toString(), keyPem, { add: params.addAddresses, remove: params.removeAddresses }) } };
  },

  undo: (host, { files }) => putOriginal(host, files),
});

const words = (before: string, names: readonly string[]): string => (names.length === 0 ? '' : `${before}${names.join(', ')}`);

const leafIn = (file: FileState | undefined) => (file === undefined ? undefined : leafOf(file.bytes.toString('utf8')));

const isSo = ({ addAddresses, removeAddresses }: Params, covered: ReadonlySet<string>): boolean =>
  addAddresses.every((name) => covered.has(oneSpelling(name))) && !removeAddresses.some((name) => covered.has(oneSpelling(name)));

async function newKey(params: Params, certificate: FileState | undefined, key: FileState | undefined): Promise<Pick<Seen, 'newKeyPem' | 'whyNoKey'>> {
  const leaf = leafIn(certificate);
  if (leaf === undefined || key === undefined || isSo(params, coveredBy(leaf))) return { newKeyPem: undefined, whyNoKey: '' };
  try {
    return { newKeyPem: await makeKey(leaf.toString(), key.bytes.toString('utf8')), whyNoKey: '' };
  } catch (error) {
    return { newKeyPem: undefined, whyNoKey: error instanceof Error ? error.message : 'cannot make a key' };
  }
}
