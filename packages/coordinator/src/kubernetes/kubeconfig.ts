/**
 * The coordinator's credentials for the Kubernetes API: the client certificate and key of the current context in an admin kubeconfig,
 * embedded or in files beside it, and the cluster's CA. The kubeconfig's server is never read: it is what a rollout changes. Errors name
 * files and keys, never contents.
 */
import { readFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { messageOf } from '@reberth/protocol/errors.ts';
import * as v from 'valibot';
import { parse } from 'yaml';

export interface Credentials {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** Where one PEM is found: in the kubeconfig itself, or in a file. */
export type PemSource = { readonly pem: string } | { readonly file: string };

const Kubeconfig = v.object({
  'current-context': v.string(),
  contexts: v.array(v.object({ name: v.string(), context: v.object({ user: v.optional(v.string(), '') }) })),
  users: v.array(
    v.object({
      name: v.string(),
      user: v.object({
        'client-certificate': v.optional(v.string()),
        'client-certificate-data': v.optional(v.string()),
        'client-key': v.optional(v.string()),
        'client-key-data': v.optional(v.string()),
      }),
    }),
  ),
});

export async function readCredentials(files: { readonly kubeconfig: string; readonly caFile: string }): Promise<Credentials> {
  const { kubeconfig, caFile } = files;
  const sources = credentialSources(await text(kubeconfig), kubeconfig);
  const pem = (source: PemSource) => ('pem' in source ? Promise.resolve(source.pem) : text(source.file));
  const [ca, certificate, key] = await Promise.all([text(caFile), pem(sources.certificate), pem(sources.key)]);
  return { ca, certificate, key };
}

const FRESH_FOR_MS = 30_000;

/** Reads again after a while, so that renewed credentials are taken up; until that succeeds, the ones it has stay good. */
export function remembered(read: () => Promise<Credentials>, nowMs: () => number = Date.now): () => Promise<Credentials> {
  let known: { readonly credentials: Credentials; readonly atMs: number } | undefined;
  return async () => {
    const before = known;
    if (before !== undefined && nowMs() - before.atMs < FRESH_FOR_MS) return before.credentials;
    const credentials = await (before === undefined ? read() : read().catch(() => before.credentials));
    known = { credentials, atMs: nowMs() };
    return credentials;
  };
}

/** Pure. `path` is for messages and for files named relative to the kubeconfig. */
export function credentialSources(content: string, path: string): { readonly certificate: PemSource; readonly key: PemSource } {
  const parsed = v.safeParse(Kubeconfig, yaml(content, path));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw new Error(`cannot use kubeconfig ${path}: ${v.getDotPath(issue) ?? 'the document'} is missing or of the wrong kind`);
  }
  const { contexts, users, 'current-context': current } = parsed.output;
  const context = contexts.find(({ name }) => name === current)?.context;
  if (context === undefined)
    throw new Error(`cannot use kubeconfig ${path}: its current context ${JSON.stringify(current)} is not among its contexts`);
  const user = users.find(({ name }) => name === context.user)?.user;
  if (user === undefined)
    throw new Error(`cannot use kubeconfig ${path}: user ${JSON.stringify(context.user)} of the current context is not among its users`);
  const source = (what: 'client-certificate' | 'client-key'): PemSource => {
    const data = user[`${what}-data`];
    if (data !== undefined && data !== '') return { pem: Buffer.from(data, 'base64').toString('utf8') };
    const file = user[what];
    if (file === undefined || file === '')
      throw new Error(`cannot use kubeconfig ${path}: user ${JSON.stringify(context.user)} has no ${what}; a client certificate is needed`);
    return { file: isAbsolute(file) ? file : join(dirname(path), file) };
  };
  return { certificate: source('client-certificate'), key: source('client-key') };
}

function yaml(content: string, path: string): unknown {
  try {
    return parse(content, { prettyErrors: false, logLevel: 'error' });
  } catch (error) {
    // Only where and what kind: the parser's own text may quote a key.
    const line = content.slice(0, positionOf(error)).split('\n').length;
    throw new Error(`cannot use kubeconfig ${path}: line ${line} is not YAML`);
  }
}

function positionOf(error: unknown): number {
  const position = error instanceof Error && 'pos' in error && Array.isArray(error.pos) ? error.pos[0] : 0;
  return typeof position === 'number' ? position : 0;
}

async function text(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new Error(`cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}
