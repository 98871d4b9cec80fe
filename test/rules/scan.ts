/** Reads the imports of source files, for tests of the house rules. Looks at text only; resolves nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

export interface Import {
  /** As written: `node:fs`, `../host/host.ts`, `@reberth/protocol/plan.ts`. */
  readonly from: string;
  /** Names in braces, without `type`; empty for other forms. */
  readonly names: readonly string[];
  /** Erased when the file runs. */
  readonly typeOnly: boolean;
}

export interface Source {
  /** `agent/src/formats/ini.ts` */
  readonly path: string;
  readonly imports: readonly Import[];
  /** Without comments and text. */
  readonly code: string;
}

const packages = resolve(import.meta.dirname, '../../packages');

export function sources(): readonly Source[] {
  const files = readdirSync(packages, { recursive: true, encoding: 'utf8' });
  const own = files.filter((file) => /^[^/]+\/src\/.*\.ts$/.test(file) && !file.includes('/gen/'));
  return own.sort().map((file) => parse(relative(packages, join(packages, file)), readFileSync(join(packages, file), 'utf8')));
}

export function parse(path: string, text: string): Source {
  const bare = text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '$1');
  return { path, imports: [...statements(bare), ...dynamic(bare)], code: bare.replaceAll(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, "''") };
}

function statements(code: string): readonly Import[] {
  const found = code.matchAll(/^(?:import|export)\s+(type\s+)?((?:[\w*\s,$]|\{[^}]*\})*?\s*from\s*)?['"]([^'"]+)['"]/gm);
  return [...found].map(([, type, clause = '', from = '']) => {
    const inBraces = /\{([^}]*)\}/.exec(clause)?.[1];
    const members = (inBraces ?? '')
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    const outside = clause
      .replace(/\{[^}]*\}/, '')
      .replace(/\bfrom\b/, '')
      .replaceAll(/[\s,]/g, '');
    const typeOnly = type !== undefined || (members.length > 0 && outside === '' && members.every((name) => name.startsWith('type ')));
    return { from, names: members.map((name) => name.replace(/^type /, '').replace(/ as .*/, '')), typeOnly };
  });
}

const dynamic = (code: string): readonly Import[] =>
  [...code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g)].map(([, from = '']) => ({ from, names: [], typeOnly: false }));
