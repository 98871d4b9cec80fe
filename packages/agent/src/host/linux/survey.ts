/**
 * Finds files and asks programs for their version on Linux. Follows links and remembers where it was, so that a file counts once and
 * a circle ends. Programs run with an absolute path, a fixed argument and a time limit.
 */
import { constants } from 'node:fs';
import { access, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileList, ScanRoot, Survey } from '../../facts/ports.ts';
import { runProgram } from './run-program.ts';

const VERSION_TIMEOUT_MS = 5_000;
const SYSTEMCTL_TIMEOUT_MS = 3_000;

export const linuxSurvey: Survey = {
  files: findFiles,
  isProgram: (path) =>
    access(path, constants.X_OK).then(
      () => true,
      () => false,
    ),
  async programOf(unit) {
    const { stdout } = await runProgram('/usr/bin/systemctl', ['show', '--property=ExecStart', '--', unit], SYSTEMCTL_TIMEOUT_MS);
    return /^ExecStart=\{ path=(\/\S+) ;/m.exec(stdout)?.[1];
  },
  async versionText(program, argument) {
    const { ok, stdout, stderr } = await runProgram(program, [argument], VERSION_TIMEOUT_MS);
    // keepalived says it on stderr.
    return ok ? `${stdout}\n${stderr}` : '';
  },
};

interface Walk {
  readonly fileBytesMax: number;
  readonly filesMax: number;
  readonly ignore: (path: string) => boolean;
  readonly visited: Set<string>;
  readonly files: string[];
  readonly skipped: { path: string; why: string }[];
}

async function findFiles(roots: readonly ScanRoot[], limits: Parameters<Survey['files']>[1]): Promise<FileList> {
  const walk: Walk = { ...limits, visited: new Set(), files: [], skipped: [] };
  for (const root of roots) {
    for (const path of await expand(root.path)) await visit(walk, path, root.depthMax);
  }
  return { files: walk.files.sort(), skipped: walk.skipped };
}

async function visit(walk: Walk, path: string, depth: number): Promise<void> {
  if (walk.ignore(path)) return;
  const real = await realpath(path).catch(() => undefined);
  // A link to nothing, or gone meanwhile.
  if (real === undefined || walk.visited.has(real) || walk.ignore(real)) return;
  const entry = await stat(real).catch(() => undefined);
  if (entry?.isDirectory()) {
    if (depth < 0) return;
    walk.visited.add(real);
    const names = await readdir(real).catch(() => undefined);
    if (names === undefined) walk.skipped.push({ path: real, why: 'cannot list this folder' });
    for (const name of (names ?? []).sort()) await visit(walk, join(real, name), depth - 1);
    return;
  }
  if (!entry?.isFile()) return;
  walk.visited.add(real);
  if (entry.size > walk.fileBytesMax) walk.skipped.push({ path: real, why: `larger than ${walk.fileBytesMax} bytes` });
  else if (walk.files.length < walk.filesMax) walk.files.push(real);
  else if (walk.files.length === walk.filesMax && !walk.skipped.some(({ why }) => why.startsWith('more than')))
    walk.skipped.push({ path: real, why: `more than ${walk.filesMax} files` });
}

/** `/home/*\/.kube` → the folders that there are. */
async function expand(pattern: string): Promise<readonly string[]> {
  const at = pattern.indexOf('/*');
  if (at === -1) return [pattern];
  const rest = pattern.slice(at + 2);
  const names = await readdir(pattern.slice(0, at)).catch(() => []);
  const branches = await Promise.all(names.sort().map((name) => expand(`${pattern.slice(0, at)}/${name}${rest}`)));
  return branches.flat();
}
