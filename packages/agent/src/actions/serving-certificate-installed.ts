/**
 * Puts a new serving certificate and its key in the place of the present pair, has the server read them, and waits until the new one is
 * served. What is served is also the witness of where the host stands: it tells which pair the server has read.
 */
import * as v from 'valibot';
import { checkCertificate } from '../certificates/check.ts';
import { coveredBy, leafOf, oneSpelling } from '../certificates/describe.ts';
import type { FileState, HostWriter } from '../host/host.ts';
import { type Change, defineAction, type Planned } from './action.ts';
import { filesStanding, plannedFile, putContent, putOriginal, verifyFiles, withText } from './files.ts';
import { mustBe, waitForHealth } from './health.ts';
import { PathSchema, PlainSchema, type Reader, ReaderSchema } from './params.ts';
import { type Served, ServedSchema, serves, waitUntilServed } from './served-certificate.ts';

const ParamsSchema = v.object({
  certFile: PathSchema,
  keyFile: PathSchema,
  caFile: PathSchema,
  stagedKeyFile: PathSchema,
  mustCover: v.array(PlainSchema),
  served: ServedSchema,
  reader: v.optional(ReaderSchema),
});
type Params = v.InferOutput<typeof ParamsSchema>;

interface Seen {
  readonly certificate: FileState | undefined;
  readonly key: FileState | undefined;
  readonly authority: FileState | undefined;
  readonly stagedKey: FileState | undefined;
  readonly invocation: string;
  readonly nowMs: number;
  /** Absent in a dry run. */
  readonly given: string | undefined;
}

export const servingCertificateInstalled = defineAction<Params, Seen>({
  kind: 'serving-certificate-installed',
  version: 1,
  risk: 'service',
  params: ParamsSchema,
  title: ({ certFile, served }) => `serve a new certificate on ${served.address} port ${served.port} (${certFile})`,
  touches: ({ certFile, keyFile, stagedKeyFile, reader }) => [
    `file:${certFile}`,
    `file:${keyFile}`,
    `file:${stagedKeyFile}`,
    ...(reader === undefined ? [] : [`unit:${reader.unit}`]),
  ],

  async inspect(host, { certFile, keyFile, caFile, stagedKeyFile, reader }, inputs) {
    return {
      certificate: await host.readFile(certFile),
      key: await host.readFile(keyFile),
      authority: await host.readFile(caFile),
      stagedKey: await host.readFile(stagedKeyFile),
      invocation: reader === undefined ? '' : (await host.unit(reader.unit)).invocationId,
      nowMs: host.nowMs(),
      given: inputs['certificate'],
    };
  },

  plan(params, seen) {
    const { certificate, key, authority } = seen;
    const missing = [
      [params.certFile, certificate],
      [params.keyFile, key],
      [params.caFile, authority],
    ] as const;
    const problems = missing.filter(([, file]) => file === undefined).map(([path]) => `${path}: there is no such file`);
    if (certificate === undefined || key === undefined || authority === undefined) return { is: 'refuse', problems };
    return seen.given === undefined
      ? planUnseen(params, certificate, key, seen.stagedKey)
      : planGiven(params, seen, { certificate, key, authority, given: seen.given });
  },

  async compare(host, change, { served }) {
    const standing = await filesStanding(host, change.files);
    const pem = standing === 'before' ? pems(change).old : standing === 'after' ? pems(change).new : undefined;
    if (pem === undefined) return standing;
    return (await serves(host, served, pem)) ? standing : 'between';
  },

  async apply(host, change, { served, reader }) {
    await putContent(host, change.files);
    await haveRead(host, served, pems(change).new, reader);
  },

  async verify(host, change, { served, reader }) {
    const written = await verifyFiles(host, change.files);
    if (!written.ok) return written;
    const healthy = reader === undefined ? written : await waitForHealth(host, reader.unit, reader.health);
    return healthy.ok ? waitUntilServed(host, served, pems(change).new) : healthy;
  },

  async undo(host, change, { served, reader }) {
    const { old } = pems(change);
    await putOriginal(host, change.files);
    await haveRead(host, served, old, reader);
    if (reader !== undefined) mustBe(await waitForHealth(host, reader.unit, reader.health), `take ${reader.unit} back`);
    mustBe(await waitUntilServed(host, served, old), 'go back to the old certificate');
  },
});

/** Dry run: the certificate is not signed yet, and its key not made. */
function planUnseen(
  { certFile, keyFile, stagedKeyFile, mustCover }: Params,
  certificate: FileState,
  key: FileState,
  stagedKey: FileState | undefined,
): Planned {
  const leaf = leafOf(certificate.bytes.toString('utf8'));
  if (leaf === undefined) return { is: 'refuse', problems: [`${certFile}: there is no readable certificate in it`] };
  const covered = coveredBy(leaf);
  const wanted = new Set(mustCover.map(oneSpelling));
  if (covered.size === wanted.size && [...wanted].every((name) => covered.has(name)))
    return { is: 'noop', why: `${certFile} covers just what it should already` };
  const files = [
    plannedFile(keyFile, key, undefined, true),
    plannedFile(certFile, certificate, undefined, true),
    plannedFile(stagedKeyFile, stagedKey, undefined),
  ];
  return { is: 'change', change: { files, readers: [], detail: {} }, diffs: [] };
}

interface Given {
  readonly certificate: FileState;
  readonly key: FileState;
  readonly authority: FileState;
  readonly given: string;
}

function planGiven(params: Params, { stagedKey, nowMs, invocation }: Seen, { certificate, key, authority, given }: Given): Planned {
  const text = (file: FileState): string => file.bytes.toString('utf8');
  const present = leafOf(text(certificate));
  const wanted = leafOf(given);
  if (present !== undefined && present.fingerprint256 === wanted?.fingerprint256)
    return { is: 'noop', why: `${params.certFile} is this certificate already` };
  if (stagedKey === undefined) return { is: 'refuse', problems: [`${params.stagedKeyFile}: it is not there; the key is made first`] };
  const problems = [
    ...checkCertificate(given, text(authority), params.mustCover, text(stagedKey), nowMs),
    // The same pair opens etcd and the kubelets: who it says it is must not change.
    ...(present !== undefined && wanted !== undefined && present.subject !== wanted.subject ? ['it names another subject than the present one'] : []),
  ];
  if (problems.length > 0)
    return { is: 'refuse', problems: problems.map((problem) => `${params.certFile}: the new certificate is refused: ${problem}`) };
  const files = [
    plannedFile(params.keyFile, key, { ...key, bytes: stagedKey.bytes }, true),
    plannedFile(params.certFile, certificate, withText(certificate, given.endsWith('\n') ? given : `${given}\n`), true),
    plannedFile(params.stagedKeyFile, stagedKey, undefined),
  ];
  const readers = params.reader === undefined ? [] : [{ unit: params.reader.unit, invocationBefore: invocation }];
  return { is: 'change', change: { files, readers, detail: {} }, diffs: [] };
}

function pems({ files }: Change): { readonly old: string; readonly new: string } {
  const [, certificate] = files;
  if (certificate?.original === undefined || certificate.content === undefined) throw new Error('cannot install a certificate: none was given');
  return { old: certificate.original.bytes.toString('utf8'), new: certificate.content.bytes.toString('utf8') };
}

/** A server that reads its files by itself is only waited for. */
async function haveRead(host: HostWriter, served: Served, pem: string, reader: Reader | undefined): Promise<void> {
  if (reader !== undefined && !(await serves(host, served, pem))) await host.restartUnit(reader.unit);
}
