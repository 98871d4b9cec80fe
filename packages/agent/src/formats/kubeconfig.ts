/**
 * A kubeconfig as its user would read it: current context, its cluster and user, and the server. Changing the server changes that one
 * scalar of that one cluster and nothing else; the result is read again and compared before it is handed out.
 * Never hands out key or token material.
 */
import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseAllDocuments, type Scalar, type YAMLMap } from 'yaml';
import { type Parsed, parsed, problem, wrong } from './parsed.ts';
import { applyEdits } from './text.ts';

export type UserKind = 'certificate' | 'certificate-files' | 'token' | 'token-file' | 'password' | 'exec' | 'auth-provider' | 'none';

export interface Kubeconfig {
  readonly currentContext: string;
  readonly cluster: string;
  readonly server: string;
  readonly user: string;
  readonly userKind: UserKind;
}

interface Read {
  readonly kubeconfig: Kubeconfig;
  readonly serverNode: Scalar<string>;
  readonly serverLine: number;
  /** The whole document, to see that an edit touched nothing else. */
  readonly value: unknown;
}

/** Raised inside this file only: the first thing that stops the reading. */
class Unreadable extends Error {
  readonly line: number;
  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

export function readKubeconfig(text: string): Parsed<Kubeconfig> {
  const result = read(text);
  return result.ok ? parsed(result.value.kubeconfig) : result;
}

/** A slash at the end of the server is kept as it is. Unchanged when the server is `to` already; a problem when it is neither. */
export function setServer(text: string, from: string, to: string): Parsed<string> {
  if (!/^https?:\/\/[^\s'"\\#{},[\]]+$|^https?:\/\/\[[0-9a-fA-F:]+\](:\d+)?$/.test(to))
    throw new Error(`cannot set a server: ${to} is not a URL that needs no quotes`);
  const before = read(text);
  if (!before.ok) return before;
  const { kubeconfig, serverNode, serverLine } = before.value;
  const [server, slash] = splitSlash(kubeconfig.server);
  if (server === to) return parsed(text);
  if (server !== from)
    return wrong(problem(serverLine, `server of cluster ${kubeconfig.cluster} is ${kubeconfig.server}, neither ${from} nor ${to}`));
  const edited = replaceScalar(text, serverNode, `${to}${slash}`);
  const after = edited === undefined ? undefined : read(edited);
  const onlyThat =
    after?.ok === true &&
    after.value.kubeconfig.server === `${to}${slash}` &&
    JSON.stringify(withServer(before.value, `${to}${slash}`)) === JSON.stringify(after.value.value);
  if (edited === undefined || !onlyThat) return wrong(problem(serverLine, 'the server is written in a way that cannot be changed alone'));
  return parsed(edited);
}

const splitSlash = (server: string): readonly [string, string] => (server.endsWith('/') ? [server.slice(0, -1), '/'] : [server, '']);

function replaceScalar(text: string, node: Scalar<string>, value: string): string | undefined {
  const [start, end] = node.range ?? [];
  if (start === undefined || end === undefined) return undefined;
  const quote = node.type === 'QUOTE_DOUBLE' ? '"' : node.type === 'QUOTE_SINGLE' ? "'" : '';
  if (quote === '' && node.type !== 'PLAIN') return undefined;
  return applyEdits(text, [{ start, end, text: `${quote}${value}${quote}` }]);
}

/** The document as it should read after the edit. */
function withServer({ kubeconfig, value }: Read, server: string): unknown {
  const document = structuredClone(value) as { clusters: { name: string; cluster: { server: string } }[] };
  for (const entry of document.clusters) if (entry.name === kubeconfig.cluster) entry.cluster.server = server;
  return document;
}

function read(text: string): Parsed<Read> {
  const lines = new LineCounter();
  const lineOf = (node: Node | null | undefined): number => (node?.range ? lines.linePos(node.range[0]).line : 0);
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false });
  const [document, second] = Array.isArray(documents) ? documents : [];
  if (document === undefined) return wrong(problem(0, 'the file is empty'));
  // One mistake makes several errors; the first is the one to read.
  const error = document.errors[0] ?? second?.errors[0];
  if (error !== undefined) return wrong(problem(lines.linePos(error.pos[0]).line, `this is not YAML: ${withoutQuoted(error.message)}`));
  if (second !== undefined) return wrong(problem(lineOf(second.contents), 'a second YAML document starts here'));
  try {
    return parsed(readDocument(document.contents, lineOf, () => document.toJS() as unknown));
  } catch (error) {
    if (error instanceof Unreadable) return wrong(problem(error.line, error.message));
    throw error;
  }
}

/** The library quotes what it stumbled over, which may be a token. */
const withoutQuoted = (message: string): string => (message.split('\n')[0] ?? '').replaceAll(/:?\s*"(?:[^"\\]|\\.)*"?/g, '');

type LineOf = (node: Node | null | undefined) => number;

function readDocument(contents: unknown, lineOf: LineOf, toValue: () => unknown): Read {
  if (!isMap(contents)) throw new Unreadable(1, 'this is not a kubeconfig: no keys at the top');
  const current = text(contents, 'current-context', lineOf);
  if (current.value === '') throw new Unreadable(lineOf(current), 'current-context is empty');
  const context = entry(contents, 'contexts', 'context', current.value, lineOf, `current-context ${current.value}`, lineOf(current));
  const clusterName = text(context, 'cluster', lineOf);
  const cluster = entry(
    contents,
    'clusters',
    'cluster',
    clusterName.value,
    lineOf,
    `cluster ${clusterName.value} of context ${current.value}`,
    lineOf(clusterName),
  );
  const server = text(cluster, 'server', lineOf);
  const userName = context.has('user') ? text(context, 'user', lineOf) : undefined;
  const user =
    userName === undefined || userName.value === ''
      ? undefined
      : entry(contents, 'users', 'user', userName.value, lineOf, `user ${userName.value} of context ${current.value}`, lineOf(userName));
  return {
    kubeconfig: {
      currentContext: current.value,
      cluster: clusterName.value,
      server: server.value,
      user: userName?.value ?? '',
      userKind: userKind(user),
    },
    serverNode: server,
    serverLine: lineOf(server),
    value: toValue(),
  };
}

/** The text under a key. Numbers and the like are no names, and an alias would be changed in two places. */
function text(map: YAMLMap, key: string, lineOf: LineOf): Scalar<string> {
  const pair = pairOf(map, key);
  const value = pair?.value;
  const line = lineOf(pair?.key as Node | undefined) || lineOf(map);
  if (pair === undefined) throw new Unreadable(line, `${key} is missing`);
  if (isAlias(value)) throw new Unreadable(line, `${key} is a YAML alias`);
  if (!isScalar(value) || typeof value.value !== 'string') throw new Unreadable(line, `${key} is not a text`);
  return value as Scalar<string>;
}

const pairOf = (map: YAMLMap, key: string): Pair | undefined => map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);

/** `clusters: [{name, cluster: {…}}]` → the inner map of the one with this name. */
function entry(top: YAMLMap, list: string, inner: string, name: string, lineOf: LineOf, what: string, line: number): YAMLMap {
  const items = pairOf(top, list)?.value;
  const named = (isSeq(items) ? items.items : []).filter((item) => isMap(item)).filter((item) => item.get('name') === name);
  const [found, twin] = named;
  if (found === undefined) throw new Unreadable(line, `${what} is not among the ${list}`);
  if (twin !== undefined) throw new Unreadable(lineOf(twin), `${name} stands twice among the ${list}: here and in line ${lineOf(found)}`);
  const value = pairOf(found, inner)?.value;
  if (!isMap(value)) throw new Unreadable(lineOf(found), `${inner} of ${name} is missing`);
  return value;
}

function userKind(user: YAMLMap | undefined): UserKind {
  if (user === undefined) return 'none';
  if (user.has('exec')) return 'exec';
  if (user.has('auth-provider')) return 'auth-provider';
  if (user.has('client-certificate-data')) return 'certificate';
  if (user.has('client-certificate')) return 'certificate-files';
  if (user.has('tokenFile')) return 'token-file';
  if (user.has('token')) return 'token';
  return user.has('username') ? 'password' : 'none';
}
