/**
 * The house rules about who may import what (ARCHITECTURE.md has the picture). Exceptions stand here with their reason, and one that is
 * no longer needed is an error too.
 */
import { posix } from 'node:path';
import test from 'ava';
import { type Import, parse, type Source, sources } from './scan.ts';

const files = sources();

/** Code that decides: no I/O, no waiting. */
const PURE = [
  'protocol/src/',
  'agent/src/formats/',
  'coordinator/src/planner/',
  'coordinator/src/layouts/',
  'coordinator/src/strategies/',
  'coordinator/src/rollout/',
  'coordinator/src/gates/',
  'coordinator/src/kubernetes/workloads.ts',
  'coordinator/src/cli/render/',
];
/** A gate's `probe` asks; its `judge` decides. */
const MAY_AWAIT = ['coordinator/src/gates/'];

/** Functions of Node that compute and do nothing else. */
const COMPUTING: Readonly<Record<string, readonly string[] | 'all'>> = {
  'node:crypto': 'all',
  'node:net': ['isIP', 'isIPv4', 'isIPv6', 'SocketAddress', 'BlockList'],
  'node:zlib': ['crc32'],
  'node:util': ['styleText', 'stripVTControlCharacters', 'isDeepStrictEqual'],
};

const BUILT_IN = /^node:/;
const within = (path: string, folders: readonly string[]): boolean => folders.some((folder) => path.startsWith(folder));
const computes = ({ from, names }: Import): boolean => {
  const allowed = COMPUTING[from];
  return allowed === 'all' || (allowed !== undefined && names.length > 0 && names.every((name) => allowed.includes(name)));
};

/** Violations of a rule, less those that are excepted; `unused` are exceptions that nothing needs. */
function judge(violates: (source: Source) => readonly string[], exceptions: Readonly<Record<string, string>> = {}) {
  const found = files.flatMap((source) => violates(source).map((what) => ({ path: source.path, what })));
  const excepted = (path: string) => Object.keys(exceptions).find((place) => path === place || (place.endsWith('/') && path.startsWith(place)));
  return {
    violations: found.filter(({ path }) => excepted(path) === undefined).map(({ path, what }) => `${path}: ${what}`),
    unused: Object.keys(exceptions).filter((place) => !found.some(({ path }) => excepted(path) === place)),
  };
}

const importing = (wanted: (imported: Import) => boolean) => (source: Source) => source.imports.filter(wanted).map(({ from }) => `imports ${from}`);

test('code that decides imports nothing of Node that acts', (t) => {
  const pure = (source: Source) =>
    within(source.path, PURE) ? importing((imported) => BUILT_IN.test(imported.from) && !imported.typeOnly && !computes(imported))(source) : [];
  t.deepEqual(judge(pure), { violations: [], unused: [] });
});

test('code that decides does not wait', (t) => {
  const waits = ({ path, code }: Source) => (within(path, PURE) && !within(path, MAY_AWAIT) && /\bawait\b/.test(code) ? ['awaits'] : []);
  t.deepEqual(judge(waits), { violations: [], unused: [] });
});

test('code that decides calls no clock, no chance and no timer', (t) => {
  const calls = ({ path, code }: Source) =>
    within(path, PURE)
      ? [...code.matchAll(/\b(Date\.now|new Date\(\)|performance\.now|Math\.random|randomBytes|randomUUID|setTimeout|setInterval|process\.)/g)].map(
          ([what]) => `uses ${what}`,
        )
      : [];
  t.deepEqual(judge(calls), { violations: [], unused: [] });
});

test('code that decides takes what it runs from code that decides', (t) => {
  const reaches = (source: Source) =>
    within(source.path, PURE)
      ? source.imports
          .filter(({ typeOnly }) => !typeOnly)
          .map(({ from }) => targetOf(source.path, from))
          .filter((target) => target !== undefined && !within(target, PURE))
          .map((target) => `runs ${target}`)
      : [];
  t.deepEqual(judge(reaches), { violations: [], unused: [] });
});

test('on a host only host/linux touches files and processes', (t) => {
  const touches = (source: Source) =>
    source.path.startsWith('agent/src/') && !source.path.startsWith('agent/src/host/linux/')
      ? importing(({ from, typeOnly }) => !typeOnly && /^node:(fs|fs\/promises|child_process)$/.test(from))(source)
      : [];
  const exceptions = {
    'agent/src/link/link.ts': 'reads its own credentials, again at every connection, so that renewed ones are taken',
  };
  t.deepEqual(judge(touches, exceptions), { violations: [], unused: [] });
});

test('no shell: programs are started by execFile and spawn with argument lists', (t) => {
  const starts = (source: Source) => [
    ...source.imports
      .filter(({ from }) => from === 'node:child_process')
      .flatMap(({ names }) =>
        names.filter((name) => !['execFile', 'spawn', 'ChildProcess', 'ExecFileException'].includes(name)).map((name) => `imports ${name}`),
      ),
    ...(source.imports.some(({ from }) => from === 'node:child_process') && /\bshell\s*:/.test(source.code) ? ['has a shell option'] : []),
  ];
  t.deepEqual(judge(starts), { violations: [], unused: [] });
});

test('only link, wire, store and broker speak NATS', (t) => {
  const exceptions = {
    'agent/src/link/': 'the agent end of the wire',
    'coordinator/src/wire/': 'the coordinator end of the wire',
    'coordinator/src/store/': 'the journal of decisions may live in a NATS cluster',
    'daemon/src/steady-connection.ts': 'the connection that both ends keep up',
  };
  t.deepEqual(
    judge(
      importing(({ from }) => from.startsWith('@nats-io/')),
      exceptions,
    ),
    { violations: [], unused: [] },
  );
});

test('only the operators API and its client speak gRPC', (t) => {
  const exceptions = {
    'coordinator/src/api/': 'the server',
    'coordinator/src/cli/client.ts': 'the client',
    'protocol/src/codec/': 'encodes messages after the .proto schema; opens no connection',
  };
  t.deepEqual(
    judge(
      importing(({ from }) => /^(@grpc\/|grpc-)/.test(from)),
      exceptions,
    ),
    { violations: [], unused: [] },
  );
});

test('packages depend in one direction: protocol on none, agent and coordinator not on each other but for shapes of actions', (t) => {
  const ALLOWED: Readonly<Record<string, readonly string[]>> = {
    protocol: [],
    daemon: ['protocol'],
    agent: ['protocol', 'daemon'],
    coordinator: ['protocol', 'daemon'],
  };
  const sideways = (source: Source) => {
    const [own = ''] = source.path.split('/');
    return source.imports.flatMap((imported) => {
      const [, other] = /^@reberth\/([^/]+)/.exec(imported.from) ?? [];
      if (other === undefined || other === own || ALLOWED[own]?.includes(other)) return [];
      const shapeOfAction = own === 'coordinator' && other === 'agent' && (imported.typeOnly || imported.from.startsWith('@reberth/agent/actions/'));
      return shapeOfAction ? [] : [`imports ${imported.from}`];
    });
  };
  t.deepEqual(judge(sideways), { violations: [], unused: [] });
});

test('a relative import stays in its package', (t) => {
  const leaves = (source: Source) =>
    source.imports
      .filter(({ from }) => from.startsWith('.') && targetOf(source.path, from)?.split('/')[0] !== source.path.split('/')[0])
      .map(({ from }) => `imports ${from}`);
  t.deepEqual(judge(leaves), { violations: [], unused: [] });
});

/** The file behind an import of our own, `undefined` for a library. */
function targetOf(path: string, from: string): string | undefined {
  if (from.startsWith('.')) return posix.join(posix.dirname(path), from);
  const [, name, rest] = /^@reberth\/([^/]+)\/(.*)$/.exec(from) ?? [];
  return name === undefined ? undefined : `${name}/src/${rest}`;
}

test('the scanner sees every form of import, and knows which are erased', (t) => {
  const { imports, code } = parse(
    'x.ts',
    `/** import { no } from 'comment' */
import './effect.ts';
import type { A } from 'a';
import { type B, type C } from 'b';
import { type D, readFile as read } from 'node:fs/promises';
import whole, { part } from 'c';
import * as v from 'valibot';
export * from './all.ts';
import {
  many,
  lines,
} from 'd';
// await in a comment
const text = 'await in a text';
const later = () => import('./later.ts');
`,
  );
  t.deepEqual(
    imports.map(({ from, typeOnly }) => `${from}${typeOnly ? ' erased' : ''}`),
    ['./effect.ts', 'a erased', 'b erased', 'node:fs/promises', 'c', 'valibot', './all.ts', 'd', './later.ts'],
  );
  t.deepEqual(imports[3]?.names, ['D', 'readFile']);
  t.notRegex(code, /await/);
});
