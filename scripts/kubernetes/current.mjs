// A current release line, from the pinned Go modules in lab/kubernetes/current: k8s.io/kubernetes with its staging modules replaced by their
// published versions. Needs Go and the module proxy.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { inRoot } from '../lib/paths.mjs';
import { Failure } from '../lib/steps.mjs';
import { countBuild, linkFlags, PROGRAMS, runOrFail } from './programs.mjs';

const MODULE = inRoot('lab/kubernetes/current');
const FLAGS = ['-v', '-buildvcs=false', '-trimpath'];
const ENVIRONMENT = { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly' };
/** With nothing in Go's own cache. */
const PACKAGES_ABOUT = 2_660;

const pinned = (name) => readFileSync(`${MODULE}/${name}`, 'utf8');
const version = () => /^require k8s\.io\/kubernetes (v\S+)$/m.exec(pinned('go.mod'))?.[1] ?? 'unknown';

export const current = {
  version,
  ingredients: () => [pinned('go.mod'), pinned('go.sum'), FLAGS, ENVIRONMENT],
  async build({ out, onProgress }) {
    const flags = [...FLAGS, '-ldflags', linkFlags('k8s.io/component-base/version', version()), '-o', `${out}/`];
    await runOrFail(findGo(), ['build', ...flags, ...PROGRAMS.map((name) => `k8s.io/kubernetes/cmd/${name}`)], {
      cwd: MODULE,
      env: { ...process.env, ...ENVIRONMENT },
      onLine: countBuild(PACKAGES_ABOUT, onProgress),
    });
  },
};

/** One that knows go.mod files of these years; it may fetch a newer one of itself. */
function findGo() {
  for (const go of ['go', '/usr/local/go/bin/go']) {
    try {
      const found = /go1\.(\d+)/.exec(execFileSync(go, ['version'], { encoding: 'utf8', cwd: '/' }));
      if (Number(found?.[1]) >= 21) return go;
    } catch {
      // Not there; the next one.
    }
  }
  throw new Failure(
    'cannot build Kubernetes: no Go 1.21 or newer on the PATH nor in /usr/local/go; install one, or name a folder of ready programs in REBERTH_KUBERNETES_BIN',
  );
}
