// Kubernetes 1.20 from Debian 12's own source package, which holds the whole upstream tree with its vendor folder. Needs apt, nothing else
// from the network; leaves the machine's own apt sources as they are.
import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runQuietly } from '../lib/run-program.mjs';
import { Failure } from '../lib/steps.mjs';
import { countBuild, linkFlags, PROGRAMS, runOrFail } from './programs.mjs';

const VERSION = 'v1.20.2';
const SOURCE = 'kubernetes';
const RELEASE = 'bookworm';
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';
/** Package → a file by which its presence is seen. */
const PACKAGES = {
  'golang-1.19-go': '/usr/lib/go-1.19/bin/go',
  'golang-github-modern-go-reflect2-dev': '/usr/share/gocode/src/github.com/modern-go/reflect2/reflect2.go',
  'dpkg-dev': '/usr/bin/dpkg-source',
  make: '/usr/bin/make',
  rsync: '/usr/bin/rsync',
  jq: '/usr/bin/jq',
};
const REFLECT2 = '/usr/share/gocode/src/github.com/modern-go/reflect2';
const GO = '/usr/lib/go-1.19/bin';
const FLAGS = ['-v', '-trimpath'];
const PACKAGES_ABOUT = 2_300;

export const debian120 = {
  version: () => VERSION,
  ingredients: () => [SOURCE, FLAGS],
  async build({ work, out, onProgress }) {
    await installPackages(onProgress);
    const gopath = join(work, 'go');
    const tree = join(gopath, 'src/k8s.io/kubernetes');
    await fetchSource(work, tree, onProgress);
    await mendReflect2(tree);
    const env = {
      ...process.env,
      PATH: `${GO}:${process.env.PATH ?? ''}`,
      GOPATH: gopath,
      GO111MODULE: 'off',
      GOFLAGS: '',
      CGO_ENABLED: '0',
      GOTOOLCHAIN: 'local',
    };
    onProgress('generating code');
    // kube-apiserver lacks its OpenAPI description otherwise.
    await runOrFail('/usr/bin/make', ['generated_files'], { cwd: tree, env });
    const flags = [...FLAGS, '-ldflags', linkFlags('k8s.io/kubernetes/vendor/k8s.io/component-base/version', VERSION), '-o', `${out}/`];
    await runOrFail(join(GO, 'go'), ['build', ...flags, ...PROGRAMS.map((name) => `k8s.io/kubernetes/cmd/${name}`)], {
      cwd: tree,
      env,
      onLine: countBuild(PACKAGES_ABOUT, onProgress),
    });
  },
};

async function installPackages(onProgress) {
  const missing = Object.keys(PACKAGES).filter((name) => !existsSync(PACKAGES[name]));
  if (missing.length === 0) return;
  onProgress(`installing ${missing.join(', ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await runOrFail('/usr/bin/apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', 'update'], { env });
  await runOrFail('/usr/bin/apt-get', ['-q', '-o', 'DPkg::Lock::Timeout=120', 'install', '--yes', '--no-install-recommends', ...missing], { env });
}

/** The archive from which this machine takes its packages has their sources as well. */
async function archive() {
  const { text } = await runQuietly('/usr/bin/apt-get', ['indextargets', '--format', '$(SITE) $(RELEASE) $(COMPONENT)', 'Identifier: Packages']);
  const site = text
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, release, component]) => release === RELEASE && component === 'main')?.[0];
  if (site === undefined) throw new Failure(`cannot find the source package ${SOURCE}: no apt source of this machine is Debian ${RELEASE} main`);
  return site;
}

/** With lists of its own: the machine's sources need not name source packages. */
async function fetchSource(work, tree, onProgress) {
  onProgress(`fetching the source package ${SOURCE}`);
  const apt = join(work, 'apt');
  await mkdir(join(apt, 'lists/partial'), { recursive: true });
  await writeFile(join(apt, 'sources.list'), `deb-src [signed-by=${KEYRING}] ${await archive()} ${RELEASE} main\n`);
  const options = ['-q', '-o', `Dir::Etc::SourceList=${apt}/sources.list`, '-o', 'Dir::Etc::SourceParts=-', '-o', `Dir::State::Lists=${apt}/lists`];
  // As root throughout: apt's own user may not write here.
  options.push(
    '-o',
    'APT::Sandbox::User=root',
    '-o',
    `Dir::Cache::pkgcache=${apt}/pkgcache.bin`,
    '-o',
    `Dir::Cache::srcpkgcache=${apt}/srcpkgcache.bin`,
  );
  await runOrFail('/usr/bin/apt-get', [...options, 'update'], { cwd: apt });
  await runOrFail('/usr/bin/apt-get', [...options, 'source', SOURCE], { cwd: apt });
  const unpacked = (await readdir(apt, { withFileTypes: true })).find((entry) => entry.isDirectory() && entry.name.startsWith('kubernetes-'));
  if (unpacked === undefined) throw new Failure(`cannot find the unpacked source of ${SOURCE}`);
  await mkdir(join(tree, '..'), { recursive: true });
  await rename(join(apt, unpacked.name), tree);
}

/** Version 1.0.1, which the tree brings, dies when it encodes a map with Go 1.18 or newer; Debian's own is 1.0.2. */
async function mendReflect2(tree) {
  const vendored = join(tree, 'vendor/github.com/modern-go/reflect2');
  const sources = async (folder) => (await readdir(folder)).filter((name) => /\.(go|s)$/.test(name) && !name.endsWith('_test.go'));
  for (const name of await sources(vendored)) await rm(join(vendored, name));
  for (const name of await sources(REFLECT2)) await copyFile(join(REFLECT2, name), join(vendored, name));
}
