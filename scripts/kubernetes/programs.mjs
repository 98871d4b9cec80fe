// What is built, how it is linked, and how building programs are run: the same for both flavours.
import { spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { Failure } from '../lib/steps.mjs';

export const PROGRAMS = ['kube-apiserver', 'kube-controller-manager', 'kube-proxy', 'kube-scheduler', 'kubectl', 'kubelet'];

/** A reader hears of progress at most this often. */
const REPORT_EVERY_MS = 10_000;
/** Building is in nobody's way. */
const NICE = 10;

/** Without symbols, and with the version that the programs then say they are. */
export function linkFlags(versionPackage, version) {
  const [major, minor] = version.replace(/^v/, '').split('.');
  const set = (name, value) => `-X ${versionPackage}.${name}=${value}`;
  return ['-s', '-w', set('gitVersion', version), set('gitMajor', major), set('gitMinor', minor)].join(' ');
}

/** Runs to a good end or throws with the last of what was said. `onLine` gets every line of both outputs. */
export async function runOrFail(program, args, { onLine = () => {}, ...options } = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  const last = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      last.push(line);
      if (last.length > 30) last.shift();
      onLine(line);
    });
  }
  const code = await new Promise((resolve, reject) => {
    child.on('spawn', () => setPriority(child.pid, NICE));
    child.on('error', (error) => reject(new Failure(`cannot start ${program}: ${error.message}`)));
    child.on('close', resolve);
  });
  if (code !== 0) throw new Failure(`cannot run ${program} ${args.slice(0, 3).join(' ')}: exit code ${code}\n${last.join('\n')}`);
}

/** Counts what `go build -v` says: a line for each module that it fetches and for each package that it compiles. */
export function countBuild(packagesAbout, onProgress) {
  const count = { modules: 0, packages: 0 };
  let reportedAtMs = 0;
  return (line) => {
    if (line.startsWith('go: downloading ')) count.modules += 1;
    else if (/^[\w.]+(\/|$)/.test(line)) count.packages += 1;
    else return;
    if (performance.now() - reportedAtMs < REPORT_EVERY_MS) return;
    reportedAtMs = performance.now();
    onProgress(count.packages === 0 ? `${count.modules} Go modules fetched` : `${count.packages} of about ${packagesAbout} Go packages compiled`);
  };
}
