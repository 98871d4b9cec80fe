/**
 * What a haproxy.cfg listens on and where it sends: frontends and listen sections with their binds and servers. Read only; haproxy's own
 * check judges the rest. Sockets (unix@, abns@, fd@, paths) are no addresses and are left out.
 */
import { type Parsed, type Problem, parsed, problem, wrong } from './parsed.ts';
import { linesOf } from './text.ts';

export interface HaproxyFrontend {
  readonly name: string;
  readonly line: number;
  readonly binds: readonly { readonly address: string; readonly port: number }[];
  readonly servers: readonly { readonly name: string; readonly address: string; readonly port: number }[];
}

interface Section {
  readonly kind: string;
  readonly name: string;
  readonly line: number;
  readonly statements: { readonly words: readonly string[]; readonly line: number }[];
}

const SECTIONS = new Set([
  'global',
  'defaults',
  'frontend',
  'backend',
  'listen',
  'peers',
  'userlist',
  'resolvers',
  'mailers',
  'program',
  'cache',
  'ring',
  'http-errors',
  'fcgi-app',
  'log-forward',
  'crt-store',
  'traces',
]);

export function haproxyFrontends(text: string): Parsed<readonly HaproxyFrontend[]> {
  const problems: Problem[] = [];
  const sections = sectionsOf(text, problems);
  const frontends = sections.filter(({ kind }) => kind === 'frontend' || kind === 'listen').map((section) => frontendOf(section, sections, problems));
  return problems.length > 0 ? wrong(...problems) : parsed(frontends);
}

function sectionsOf(text: string, problems: Problem[]): readonly Section[] {
  const sections: Section[] = [];
  for (const { text: line, number } of linesOf(text)) {
    const words = wordsOf(line);
    const [first, second] = words;
    if (first === undefined) continue;
    const around = sections.at(-1);
    if (SECTIONS.has(first))
      sections.push({
        kind: first,
        name: second ?? '',
        line: number,
        statements: first === 'listen' && words[2] !== undefined ? [{ words: ['bind', ...words.slice(2)], line: number }] : [],
      });
    else if (around === undefined && !first.startsWith('.')) problems.push(problem(number, `${first} stands outside every section`));
    else around?.statements.push({ words, line: number });
  }
  return sections;
}

/** Words of a line without its comment; quotes and backslashes as haproxy reads them. */
function wordsOf(line: string): readonly string[] {
  const code = /^(?:\\.|"(?:\\.|[^"])*"|'[^']*'|[^#\\"'])*/.exec(line)?.[0] ?? '';
  const words = code.match(/(?:\\.|"(?:\\.|[^"])*"|'[^']*'|[^\s\\"'])+/g) ?? [];
  return words.map((word) => word.replaceAll(/["']|\\(?=.)/g, ''));
}

function frontendOf(section: Section, sections: readonly Section[], problems: Problem[]): HaproxyFrontend {
  const backends = section.statements
    .filter(({ words }) => words[0] === 'default_backend' || words[0] === 'use_backend')
    .map(({ words }) => words[1]);
  const sources = [section, ...sections.filter(({ kind, name }) => kind === 'backend' && backends.includes(name))];
  const binds = section.statements
    .filter(({ words }) => words[0] === 'bind')
    .flatMap(({ words, line }) => (words[1] ?? '').split(',').flatMap((place) => readPlace(place, line, problems, true)));
  const servers = sources
    .flatMap(({ statements }) => statements.filter(({ words }) => words[0] === 'server'))
    .flatMap(({ words, line }) => readPlace(words[2] ?? '', line, problems, false).map((place) => ({ name: words[1] ?? '', ...place })));
  return { name: section.name, line: section.line, binds, servers };
}

/** `0.0.0.0:8443`, `*:8443`, `:8443`, `[::]:443`, `ipv4@192.0.2.1:80-90` (its first port). A server may leave its port out: 0, as it came. */
function readPlace(
  text: string,
  line: number,
  problems: Problem[],
  portNeeded: boolean,
): readonly { readonly address: string; readonly port: number }[] {
  if (/^(unix@|abns@|abnsz@|fd@|uxst@|\/)/.test(text)) return [];
  const plain = text.replace(/^(ipv4|ipv6|tcp4|tcp6|tcp|quic4|quic6)@/, '');
  const [, address, port] = /^(.*?)(?::(\d{1,5})(?:-\d{1,5})?)?$/.exec(plain) ?? [];
  if (address === undefined || plain === '' || (port === undefined && portNeeded)) {
    problems.push(problem(line, `cannot read an address and a port from ${text === '' ? 'nothing' : text}`));
    return [];
  }
  return [{ address: address.replace(/^\[(.*)\]$/, '$1') || '*', port: Number(port ?? 0) }];
}
