/**
 * The coordinator's configuration: raw file → with defaults → compiled. Every problem is told at once, each with its key and its value; keys
 * that nobody knows are problems too, because a misspelt one would silently do nothing.
 */
import { isAbsolute, join } from 'node:path';
import { ReberthError } from '@reberth/protocol/errors.ts';
import { type HostId, hostId } from '@reberth/protocol/ids.ts';
import { type Endpoint, endpointText } from '@reberth/protocol/plan.ts';
import { subjectToken } from '@reberth/protocol/subjects.ts';
import * as v from 'valibot';

export const CONFIG_FILE = '/etc/reberth/coordinator.json';
export const BROKER_PORT = 4222;

/** `own`: the coordinator starts the broker and keeps it running. `external`: it is somebody else's. */
export type BrokerConfig = { readonly kind: 'own'; readonly listen: string; readonly program: string } | { readonly kind: 'external' };

export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Where `reberth init` put the control CA's files. */
export interface PkiFiles {
  readonly caFile: string;
  readonly coordinator: CertificateFiles;
  readonly broker: CertificateFiles;
  readonly signingKeyFile: string;
}

export interface CoordinatorConfig {
  readonly cluster: string;
  /** Of the coordinator's own host. */
  readonly address: string;
  readonly hosts: readonly HostId[];
  readonly masters: readonly Endpoint[];
  /** Where operators are answered. */
  readonly listen: string;
  readonly broker: BrokerConfig;
  /** Where decisions are written down: on this machine, or replicated in the external NATS cluster, so that another host can take over. */
  readonly store: 'file' | 'jetstream';
  /** NATS servers to dial, `address:port`; the own one or the external ones. */
  readonly servers: readonly string[];
  readonly kubeconfig: string;
  readonly caFile: string;
  readonly caKeyFile: string;
  readonly pki: PkiFiles;
  readonly stateFolder: string;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
}

const Name = v.pipe(v.string(), v.check(isWireName, 'must be letters, digits, dots, dashes, colons and underscores only'));
const Server = v.pipe(v.string(), v.check(isServer, 'must be address:port'));
const Listen = v.pipe(
  Server,
  v.check((text) => !isServer(text) || !ANY_ADDRESS.has(endpointOf(text).address), 'must be the one address that hosts dial'),
);
const Path = v.pipe(v.string(), v.check(isAbsolute, 'must be an absolute path'));
const listOf = <S extends v.GenericSchema<unknown, string>>(item: S, key: (text: string) => string) =>
  v.pipe(
    v.array(item),
    v.minLength(1, 'must name at least one'),
    v.rawCheck(({ dataset, addIssue }) => {
      if (!dataset.typed) return;
      const value = dataset.value as readonly string[];
      const twice = value.filter((text, at) => value.findIndex((other) => key(other) === key(text)) !== at);
      if (twice.length > 0) addIssue({ message: `names ${twice.join(', ')} twice, or something that looks the same on the wire` });
    }),
  );

const ANY_ADDRESS: ReadonlySet<string> = new Set(['0.0.0.0', '::', '*']);

const RawSchema = v.strictObject({
  cluster: Name,
  address: v.pipe(Name, v.minLength(1, 'must not be empty')),
  hosts: listOf(Name, (text) => (isWireName(text) ? subjectToken(text) : text)),
  masters: listOf(Server, (text) => text),
  listen: v.optional(Server, '127.0.0.1:7443'),
  broker: v.optional(
    v.strictObject({
      listen: v.optional(Listen),
      program: v.optional(Path),
      servers: v.optional(listOf(Server, (text) => text)),
    }),
    {},
  ),
  store: v.optional(v.picklist(['file', 'jetstream'], 'must be file or jetstream'), 'file'),
  kubeconfig: v.optional(Path, '/root/.kube/config'),
  caFile: v.optional(Path, '/etc/kubernetes/ssl/ca.pem'),
  caKeyFile: v.optional(Path, '/etc/kubernetes/ssl/ca-key.pem'),
  pki: v.optional(Path, '/etc/reberth/pki'),
  stateFolder: v.optional(Path, '/var/lib/reberth-coordinator'),
  logLevel: v.optional(v.picklist(['debug', 'info', 'warn', 'error'], 'must be debug, info, warn or error'), 'info'),
});
type Raw = v.InferOutput<typeof RawSchema>;

/** `text`: the content of `file`. */
export function parseConfig(text: string, file: string = CONFIG_FILE): CoordinatorConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid(file, ['it is not JSON'], cause);
  }
  const parsed = v.safeParse(RawSchema, value);
  const reasons = parsed.success ? contradictions(parsed.output) : parsed.issues.map(reasonOf);
  if (!parsed.success || reasons.length > 0) throw invalid(file, reasons);
  return compile(parsed.output);
}

const invalid = (file: string, reasons: readonly string[], cause?: unknown) =>
  new ReberthError('config-invalid', `cannot use ${file}: ${reasons.join('; ')}`, { reasons, cause });

const VALUE_LIMIT = 80;

function reasonOf(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue) ?? 'the whole';
  if (issue.type === 'strict_object' && issue.expected === 'never') return `${path}: no such key`;
  if (issue.input === undefined) return `${path}: is missing`;
  const message = issue.message.startsWith('Invalid type') ? `must be ${issue.expected ?? 'something else'}` : issue.message;
  return `${path}: ${message} (is ${JSON.stringify(issue.input).slice(0, VALUE_LIMIT)})`;
}

function contradictions({ broker, store }: Raw): readonly string[] {
  if (broker.servers === undefined)
    return store === 'jetstream'
      ? ['store: jetstream needs broker.servers, because a broker that this coordinator runs ends with its host (is "jetstream")']
      : [];
  const own = (['listen', 'program'] as const).filter((key) => broker[key] !== undefined);
  return own.map((key) => `broker.${key}: contradicts broker.servers, which is for a broker that runs elsewhere (is ${JSON.stringify(broker[key])})`);
}

function compile(raw: Raw): CoordinatorConfig {
  const { listen = endpointText({ address: raw.address, port: BROKER_PORT }), program = '/usr/sbin/nats-server', servers } = raw.broker;
  return {
    ...raw,
    hosts: raw.hosts.map(hostId),
    masters: raw.masters.map(endpointOf),
    broker: servers === undefined ? { kind: 'own', listen, program } : { kind: 'external' },
    servers: servers ?? [listen],
    pki: pkiFiles(raw.pki),
  };
}

function pkiFiles(folder: string): PkiFiles {
  const pair = (name: string): CertificateFiles => ({ certFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) });
  return { caFile: join(folder, 'ca.crt'), coordinator: pair('coordinator'), broker: pair('broker'), signingKeyFile: join(folder, 'signing.key') };
}

function endpointOf(text: string): Endpoint {
  const at = text.lastIndexOf(':');
  return { address: text.slice(0, at).replace(/^\[(.*)\]$/, '$1'), port: Number(text.slice(at + 1)) };
}

function isServer(text: string): boolean {
  if (!/^(\[[0-9A-Fa-f:.]+\]|[^\s:/[\]]+):\d{1,5}$/.test(text)) return false;
  const { port } = endpointOf(text);
  return port >= 1 && port <= 65535;
}

function isWireName(name: string): boolean {
  try {
    return subjectToken(name) !== '';
  } catch {
    return false;
  }
}
