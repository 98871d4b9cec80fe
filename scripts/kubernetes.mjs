// The Kubernetes programs that the lab runs, built from source once and kept outside the checkout. Promises a folder with all of them, or a
// reason; a build that is cut off leaves nothing that a later run could take for finished.
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { current } from './kubernetes/current.mjs';
import { debian120 } from './kubernetes/debian-1.20.mjs';
import { PROGRAMS } from './kubernetes/programs.mjs';
import { Failure } from './lib/steps.mjs';

const CACHE = process.env.REBERTH_CACHE ?? '/var/cache/reberth';

/** Each names a folder of ready programs to take instead. */
const READY = { current: 'REBERTH_KUBERNETES_BIN', '1.20': 'REBERTH_KUBERNETES_BIN_1_20' };
const BUILDS = { current, '1.20': debian120 };

/** The folder with the programs of `flavour`; builds them when they are not there and says how far it is. */
export async function ensureKubernetes(flavour, onProgress = () => {}) {
  const ready = process.env[READY[flavour]];
  if (ready) return complete(ready, `${READY[flavour]}=${ready}`);
  const folder = folderOf(flavour);
  const bin = join(folder, 'bin');
  if (existsSync(bin)) return bin;
  await mkdir(join(CACHE, 'kubernetes'), { recursive: true });
  const work = await mkdtemp(join(CACHE, 'kubernetes', 'building-'));
  try {
    await mkdir(join(work, 'done/bin'), { recursive: true });
    await BUILDS[flavour].build({ work, out: join(work, 'done/bin'), onProgress });
    complete(join(work, 'done/bin'), 'the build');
    // Another run may have been faster; both made the same.
    await rename(join(work, 'done'), folder).catch((error) => {
      if (!existsSync(bin)) throw error;
    });
  } finally {
    // Go keeps its module folders read-only, which root does not mind.
    await rm(work, { recursive: true, force: true });
  }
  return bin;
}

/** Whether nothing has to be built for this flavour. */
export const hasKubernetes = (flavour) => Boolean(process.env[READY[flavour]]) || existsSync(join(folderOf(flavour), 'bin'));

function folderOf(flavour) {
  const build = BUILDS[flavour];
  if (build === undefined) throw new Failure(`cannot build Kubernetes ${flavour}: there are ${Object.keys(BUILDS).join(' and ')}`);
  const hash = createHash('sha256')
    .update(JSON.stringify([process.arch, PROGRAMS, build.ingredients()]))
    .digest('hex')
    .slice(0, 12);
  return join(CACHE, 'kubernetes', `${flavour}-${build.version()}-${hash}`);
}

function complete(folder, source) {
  const missing = PROGRAMS.filter((name) => !existsSync(join(folder, name)));
  if (missing.length > 0)
    throw new Failure(`cannot take the Kubernetes programs of ${source}: ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} missing`);
  return folder;
}
