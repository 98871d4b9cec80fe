/**
 * The agent's configuration: raw file → with defaults → compiled. The file is small because paths have defaults beside it. Every problem is
 * reported at once, each with its path; nothing is guessed where two keys contradict each other.
 */
import { dirname, isAbsolute, join } from 'node:path';
import { ReberthError } from '@reberth/protocol/errors.ts';
import { type HostId, hostId } from '@reberth/protocol/ids.ts';
import { subjectToken } from '@reberth/protocol/subjects.ts';
import * as v from 'valibot';

export const CONFIG_FILE = '/etc/reberth/agent/agent.json';

export interface AgentConfig {
  readonly cluster: string;
  readonly host: HostId;
  /** NATS servers as `address:port`. Always TLS with a client certificate. */
  readonly servers: readonly string[];
  readonly caFile: string;
  readonly certFile: string;
  readonly keyFile: string;
  /** Public key (PEM) of the coordinator, by which asks are verified. */
  readonly signingKeyFile: string;
  readonly stateFolder: string;
  /** Folder of the small helper programs. */
  readonly helpersFolder: string;
  readonly heartbeatMs: number;
  readonly logLevel: string;
}

const Name = v.pipe(v.string(), v.check(isWireName, 'letters, digits, dots, dashes, colons and underscores only'));
const Server = v.pipe(v.string(), v.regex(/^(\[[0-9A-Fa-f:]+\]|[^\s:/]+):\d{1,5}$/, 'must be address:port'));
const File = v.pipe(v.string(), v.minLength(1));

const RawSchema = v.strictObject({
  cluster: Name,
  host: Name,
  servers: v.pipe(v.array(Server), v.minLength(1, 'name at least one server')),
  caFile: v.optional(File, 'ca.crt'),
  certFile: v.optional(File, 'agent.crt'),
  keyFile: v.optional(File, 'agent.key'),
  signingKeyFile: v.optional(File, 'signing.pub'),
  stateFolder: v.optional(v.pipe(v.string(), v.startsWith('/')), '/var/lib/reberth-agent'),
  helpersFolder: v.optional(v.pipe(v.string(), v.startsWith('/')), '/opt/reberth/libexec'),
  heartbeatMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(100), v.maxValue(5_000)), 1_000),
  logLevel: v.optional(v.picklist(['debug', 'info', 'warn', 'error']), 'info'),
});

/** `text`: the content of `file`. Relative paths in it are beside it. */
export function parseConfig(text: string, file: string): AgentConfig {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(undefined, 'is not JSON'), RawSchema), text);
  if (!parsed.success) {
    const reasons = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? file}: ${issue.message}`);
    throw new ReberthError('config-invalid', `cannot use ${file}: ${reasons.join('; ')}`, { reasons });
  }
  const raw = parsed.output;
  const beside = (path: string): string => (isAbsolute(path) ? path : join(dirname(file), path));
  return {
    ...raw,
    host: hostId(raw.host),
    caFile: beside(raw.caFile),
    certFile: beside(raw.certFile),
    keyFile: beside(raw.keyFile),
    signingKeyFile: beside(raw.signingKeyFile),
  };
}

function isWireName(name: string): boolean {
  try {
    return subjectToken(name) !== '';
  } catch {
    return false;
  }
}
