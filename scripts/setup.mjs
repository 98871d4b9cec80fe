// Makes a bare machine ready: Debian packages that the tests need, pinned Node modules, Kubernetes binaries. Promises to do nothing
// that is done already, to say what it does and how long it took, and to need nothing but Node itself (20 or newer).
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRoot, modules, node } from './lib/paths.mjs';
import { run, runQuietly } from './lib/run-program.mjs';
import { Failure, step } from './lib/steps.mjs';

/** Package → a program that it brings, by which its presence is seen. */
const PROGRAMS_FOR_TESTS = { 'nats-server': '/usr/sbin/nats-server', openssl: '/usr/bin/openssl' };
const PROGRAMS_FOR_LAB = {
  'systemd-container': '/usr/bin/systemd-nspawn',
  mmdebstrap: '/usr/bin/mmdebstrap',
  nftables: '/usr/sbin/nft',
  iproute2: '/usr/sbin/ip',
  'util-linux': '/usr/bin/nsenter',
};

/** `modules`: enough to build and check. `tests`: unit, conformance, integration. `lab`: hosts as well. `kubernetes`: flavours to have ready. */
export async function setUp({ tests = false, lab = false, kubernetes = [] } = {}) {
  await nodeModules();
  await packages({ ...(tests || lab ? PROGRAMS_FOR_TESTS : {}), ...(lab ? PROGRAMS_FOR_LAB : {}) });
  if (kubernetes.length === 0) return;
  const { ensureKubernetes } = await import('./kubernetes.mjs');
  for (const flavour of kubernetes) await step(`Kubernetes binaries, ${flavour}`, (progress) => ensureKubernetes(flavour, progress));
}

/** Holds the hash of the lock file that node_modules was made from. */
const stamp = join(modules, '.reberth-setup');

async function nodeModules() {
  const wanted = createHash('sha256')
    .update(readFileSync(inRoot('package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && existsSync(node) && readFileSync(stamp, 'utf8').trim() === wanted) return;
  await step('Node modules (npm ci)', async () => {
    // Without node_modules/.bin on the PATH: npm must not run on the Node that it is about to replace.
    const path = (process.env.PATH ?? '').split(':').filter((folder) => !folder.includes('node_modules'));
    const { code, text } = await runQuietly('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      env: { ...process.env, PATH: path.join(':') },
    });
    if (code !== 0) throw new Failure(`cannot install the Node modules:\n${text.trim()}`);
    if (!existsSync(node))
      throw new Failure(`cannot find ${node}: no pinned Node for ${process.platform} ${process.arch} (Linux on x64 or arm64 is needed)`);
    writeFileSync(stamp, `${wanted}\n`);
  });
}

async function packages(programs) {
  const missing = Object.keys(programs).filter((name) => !existsSync(programs[name]));
  if (missing.length === 0) return;
  if (!existsSync('/usr/bin/apt-get'))
    throw new Failure(`cannot install ${missing.join(', ')}: this machine has no apt-get; install them by other means and start again`);
  if (process.getuid?.() !== 0) throw new Failure(`cannot install ${missing.join(', ')}: only root can; apt-get install ${missing.join(' ')}`);
  await step(`Debian packages: ${missing.join(', ')}`, async (progress) => {
    progress('apt-get update');
    await apt('update');
    progress('apt-get install');
    await apt('install', '--yes', '--no-install-recommends', ...missing);
  });
}

async function apt(...args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { code, text } = await runQuietly('/usr/bin/apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', ...args], { env });
  if (code !== 0) throw new Failure(`cannot run apt-get ${args[0]}:\n${text.trim()}`);
}

/** Runs TypeScript of this repository on the pinned Node, with our own streams. */
export const runSource = (file, args = []) => run(node, ['--no-warnings', inRoot(file), ...args]);
