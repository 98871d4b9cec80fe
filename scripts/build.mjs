// Bundles the three programs into dist/reberth, laid out as a host has them under /opt/reberth: bin, lib, libexec, systemd. Promises that
// nothing outside that folder is needed to run them; what their libraries would read from node_modules is built in.
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, realpathSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { dist, inRoot, modules, node } from './lib/paths.mjs';
import { Failure, step } from './lib/steps.mjs';
import { setUp } from './setup.mjs';

const ENTRIES = { cli: 'packages/coordinator/src/cli/main.ts', agent: 'packages/agent/src/main.ts', coordinator: 'packages/coordinator/src/main.ts' };
const PROGRAMS = { reberth: 'cli', 'reberth-agent': 'agent', 'reberth-coordinator': 'coordinator' };

export async function setUpAndBuild() {
  await setUp();
  await build();
  return 0;
}

export const build = () =>
  step('build dist/reberth', async () => {
    const missing = Object.values(ENTRIES).filter((file) => !existsSync(inRoot(file)));
    if (missing.length > 0) throw new Failure(`cannot build: ${missing.join(', ')} ${missing.length === 1 ? 'does' : 'do'} not exist`);
    for (const folder of ['bin', 'lib', 'libexec', 'systemd']) mkdirSync(join(dist, folder), { recursive: true });
    await bundle(Object.fromEntries(Object.entries(ENTRIES).map(([name, file]) => [name, inRoot(file)])), join(dist, 'lib'));
    copyNode();
    for (const [program, library] of Object.entries(PROGRAMS)) writeProgram(join(dist, 'bin', program), library);
    cpSync(inRoot('deploy/libexec'), join(dist, 'libexec'), { recursive: true });
    cpSync(inRoot('deploy/systemd'), join(dist, 'systemd'), { recursive: true });
    for (const helper of ['notify-exec', 'arp-announce', 'arp-probe', 'vrrp-listen']) chmodSync(join(dist, 'libexec', helper), 0o755);
  });

/** Name of the library → its entry. CommonJS: the libraries require each other at run time, which an ES module bundle cannot. */
export async function bundle(entryPoints, outdir) {
  const esbuild = await fromModules('esbuild/lib/main.js');
  const { errors } = await esbuild
    .build({
      entryPoints,
      outdir,
      outExtension: { '.js': '.cjs' },
      bundle: true,
      platform: 'node',
      target: 'node24',
      format: 'cjs',
      legalComments: 'none',
      // Names stay, so that a stack trace can be read. A smaller text is memory that an agent does not hold.
      minifyWhitespace: true,
      minifySyntax: true,
      logLevel: 'warning',
      plugins: [embeddedProtos],
    })
    .catch((error) => error);
  if (errors?.length > 0) throw new Failure(`cannot bundle: ${errors.length} ${errors.length === 1 ? 'error' : 'errors'}, named above`);
  for (const name of Object.keys(entryPoints)) keepToAscii(join(outdir, `${name}.cjs`));
}

/** One character beyond Latin-1 (in a regular expression of a library) makes V8 hold the whole text at two bytes a character. */
function keepToAscii(path) {
  const text = readFileSync(path, 'utf8');
  const ascii = text.replace(/[\u0080-\uffff]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
  if (ascii !== text) writeFileSync(path, ascii);
}

const fromModules = (path) => import(pathToFileURL(join(modules, path)).href).then((module) => module.default ?? module);

/** The gRPC health and reflection services read their .proto files from beside themselves; in a bundle the parsed form stands there instead. */
const EMBEDDED = [
  {
    file: /grpc-health-check\/build\/src\/health\.js$/,
    call: /loadSync\)\('health\/v1\/health\.proto',/,
    proto: 'grpc-health-check/proto/health/v1/health.proto',
    made: (json) => `fromJSON)(${json},`,
  },
  ...['v1', 'v1alpha'].map((version) => ({
    file: new RegExp(`@grpc/reflection/build/src/implementations/reflection-${version}\\.js$`),
    call: /protoLoader\.loadSync\(protoPath,/,
    proto: `@grpc/reflection/build/proto/grpc/reflection/${version}/reflection.proto`,
    made: (json) => `protoLoader.fromJSON(${json},`,
  })),
];

const embeddedProtos = {
  name: 'embedded-protos',
  setup(build) {
    build.onLoad({ filter: /(grpc-health-check|@grpc\/reflection)\/build\/src\/.*\.js$/ }, async ({ path }) => {
      const found = EMBEDDED.find(({ file }) => file.test(path));
      if (found === undefined) return undefined;
      const text = readFileSync(path, 'utf8');
      if (!found.call.test(text))
        return { errors: [{ text: `${basename(path)} no longer loads its .proto as expected; see EMBEDDED in scripts/build.mjs` }] };
      const protobuf = await fromModules('protobufjs/index.js');
      const json = JSON.stringify(protobuf.loadSync(join(modules, found.proto)).toJSON());
      return { contents: text.replace(found.call, () => found.made(json)), loader: 'js' };
    });
  },
};

/** Over a hundred megabytes: copied only when another one is there. */
function copyNode() {
  const [from, to] = [realpathSync(node), join(dist, 'bin/node')];
  const { size, mtimeMs } = statSync(from);
  const present = existsSync(to) ? statSync(to) : undefined;
  if (present?.size === size && Math.abs(present.mtimeMs - mtimeMs) < 1_000) return;
  cpSync(from, to, { preserveTimestamps: true });
  chmodSync(to, 0o755);
}

function writeProgram(path, library) {
  writeFileSync(
    path,
    `#!/bin/sh\n# Finds its own folder, also through symbolic links.\nhere=$(dirname -- "$(readlink -f -- "$0")")\nexec "$here/node" "$here/../lib/${library}.cjs" "$@"\n`,
  );
  chmodSync(path, 0o755);
}
