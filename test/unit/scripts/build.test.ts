import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { bundle } from '../../../scripts/build.mjs';

const root = resolve(import.meta.dirname, '../../..');

/** Serves the standard services, asks the health service once, and prints what it said. */
const ENTRY = `
import { loadPackageDefinition, credentials, Server, ServerCredentials } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { HealthImplementation, service } from 'grpc-health-check';
import { coordinatorPackage } from '@reberth/coordinator/api/definition.ts';
const server = new Server();
new HealthImplementation({ '': 'SERVING' }).addToServer(server);
new ReflectionService(coordinatorPackage).addToServer(server);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  const { health } = loadPackageDefinition({ 'grpc.health.v1.Health': service }).grpc;
  const client = new health.v1.Health('127.0.0.1:' + port, credentials.createInsecure());
  client.check({ service: '' }, (failure, reply) => {
    process.stdout.write(failure ? failure.message : String(reply.status));
    client.close();
    server.forceShutdown();
  });
});
`;

test('a bundle serves the health and reflection services with nothing beside it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'reberth-bundle-'));
  t.teardown(() => rm(folder, { recursive: true }));
  // Under the root, where node_modules is found while bundling; the bundle itself runs elsewhere.
  await mkdir(join(root, '.cache'), { recursive: true });
  const entry = join(root, '.cache', `bundled-${process.pid}.mjs`);
  t.teardown(() => rm(entry, { force: true }));
  await writeFile(entry, ENTRY);
  await bundle({ services: entry }, folder);
  t.deepEqual(await readdir(folder), ['services.cjs']);
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'services.cjs')], { cwd: folder });
  t.is(stdout, 'SERVING');
});

test('a bundle that cannot be made says so', async (t) => {
  await t.throwsAsync(bundle({ absent: join(root, 'absent.ts') }, join(tmpdir(), 'reberth-never')), { message: /cannot bundle: 1 error/ });
});
