/**
 * Every place under the folders of Kubernetes and its neighbours that holds one of the asked addresses, found by content and not by a list
 * of known files: what nobody thought of is found too. Binary and very large files are no configuration; our own staged files are ours.
 */
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Facts } from '@reberth/protocol/facts.ts';
import { coveredBy, leafOf, oneSpelling } from '../certificates/describe.ts';
import { findAddress } from '../formats/places.ts';
import { lineAt } from '../formats/text.ts';
import { type FactContext, type Found, found, type Problem, problemAt } from './fact.ts';
import type { ScanRoot } from './ports.ts';

const ROOTS: readonly ScanRoot[] = [
  { path: '/etc/kubernetes', depthMax: 4 },
  { path: '/etc/keepalived', depthMax: 3 },
  { path: '/etc/haproxy', depthMax: 3 },
  { path: '/etc/systemd/system', depthMax: 2 },
  { path: '/etc/ansible', depthMax: 8 },
  { path: '/root/.kube', depthMax: 1 },
  { path: '/etc/cni', depthMax: 3 },
  { path: '/etc/etcd', depthMax: 3 },
  { path: '/etc/default', depthMax: 1 },
  { path: '/etc/hosts', depthMax: 0 },
  { path: '/opt/kube', depthMax: 6 },
];
const FILES_MAX = 10_000;
const FILE_BYTES_MAX = 1024 * 1024;
const BINARY_LOOK_BYTES = 8 * 1024;
/** Ours; programs; what a cache or a version control keeps; kubectl's copy of API discovery. */
const IGNORED = /^\/etc\/reberth(\/|$)|\.reberth$|\.reberth-new$|\/bin$|\/\.git$|^\/root\/\.kube\/(cache|http-cache)$/;

type Place = Facts['places'][number];

export async function placesFact({ host, survey }: FactContext, addresses: readonly string[]): Promise<Found<Facts['places']>> {
  if (addresses.length === 0) return found([]);
  const { files, skipped } = await survey.files(ROOTS, { fileBytesMax: FILE_BYTES_MAX, filesMax: FILES_MAX, ignore: (path) => IGNORED.test(path) });
  const places: Place[] = [];
  const problems: Problem[] = skipped
    .filter(({ why }) => !why.startsWith('larger than'))
    .map(({ path, why }) => problemAt(path, 0, `not searched for addresses: ${why}`));
  for (const path of files) {
    try {
      const file = await host.readFile(path);
      if (file !== undefined && !isBinary(file.bytes)) places.push(...placesIn(path, file.bytes.toString('utf8'), addresses));
    } catch (error) {
      problems.push(problemAt(path, 0, messageOf(error)));
    }
  }
  return found(places, problems);
}

function placesIn(path: string, text: string, addresses: readonly string[]): readonly Place[] {
  const certificates = certificatesWithLines(text);
  return addresses.flatMap((address) => [
    ...findAddress(text, address).map((line): Place => ({ address, path, line, form: 'text' })),
    ...certificates.filter(({ covers }) => covers.has(oneSpelling(address))).map(({ line }): Place => ({ address, path, line, form: 'san' })),
  ]);
}

/** A broken certificate is told where certificates are told. */
function certificatesWithLines(text: string): readonly { readonly line: number; readonly covers: ReadonlySet<string> }[] {
  return [...text.matchAll(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)].flatMap((block) => {
    const certificate = leafOf(block[0]);
    return certificate === undefined ? [] : [{ line: lineAt(text, block.index), covers: coveredBy(certificate) }];
  });
}

const isBinary = (bytes: Buffer): boolean => bytes.subarray(0, BINARY_LOOK_BYTES).includes(0);
