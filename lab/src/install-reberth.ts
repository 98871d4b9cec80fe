/**
 * Puts a build of Reberth on the hosts the way an operator would: the programs everywhere, the coordinator and its configuration on the
 * deploy host, to every host the credentials made for it. What `reberth init` made once is kept; programs and units are replaced.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ADMIN_KUBECONFIG, SSL } from './cluster/layout.ts';
import type { Host } from './host.ts';
import { CLUSTER_HOSTS, DEPLOY, HOSTS, type HostPlan } from './hosts.ts';
import type { Progress } from './progress.ts';
import { until } from './until.ts';

const BUILD = fileURLToPath(new URL('../../dist/reberth', import.meta.url));
const INSTALLED = '/opt/reberth';
const UNITS = '/etc/systemd/system';
const CREDENTIALS = '/etc/reberth/hosts';

/** Tells one build from another; undefined when there is none. */
export async function presentBuild(): Promise<string | undefined> {
  if (!existsSync(join(BUILD, 'bin/reberth'))) return undefined;
  const hash = createHash('sha256');
  const entries = await readdir(BUILD, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  // Node itself is large, and told apart by its size.
  for (const file of files.sort()) hash.update(file).update(file.endsWith('/bin/node') ? String((await stat(file)).size) : await readFile(file));
  return hash.digest('hex');
}

/** Wants a build to be there. */
export async function installReberth(host: (plan: HostPlan) => Host, progress: Progress): Promise<void> {
  await progress.step('install Reberth on the hosts', async (note) => {
    note('programs');
    for (const plan of HOSTS) await copyPrograms(host(plan));
    for (const plan of CLUSTER_HOSTS) for (const unit of ['reberth-agent.service', 'reberth-revert@.service']) await layUnit(host(plan), unit);
    await layUnit(host(DEPLOY), 'reberth-coordinator.service');
    note('credentials');
    await initialise(host(DEPLOY));
    for (const plan of CLUSTER_HOSTS) await handOver(host(DEPLOY), host(plan));
    note('services');
    await start(host(DEPLOY), 'reberth-coordinator.service');
    await Promise.all(CLUSTER_HOSTS.map((plan) => start(host(plan), 'reberth-agent.service')));
    for (const plan of CLUSTER_HOSTS) await host(plan).must(['/usr/bin/systemctl', '--quiet', 'enable', 'reberth-revert@boot.service']);
    note('');
  });
}

/** The old folder stays whole until the new one is: programs that run keep theirs. */
async function copyPrograms({ place }: Host): Promise<void> {
  const there = join(place.root, INSTALLED);
  for (const name of [`${there}.new`, `${there}.old`]) await rm(name, { recursive: true, force: true });
  await cp(BUILD, `${there}.new`, { recursive: true, preserveTimestamps: true });
  if (existsSync(there)) await rename(there, `${there}.old`);
  await rename(`${there}.new`, there);
  await rm(`${there}.old`, { recursive: true, force: true });
}

const layUnit = async (host: Host, unit: string): Promise<void> => host.lay(`${UNITS}/${unit}`, await readFile(join(BUILD, 'systemd', unit)));

async function initialise(deploy: Host): Promise<void> {
  await deploy.must(['/usr/bin/ln', '-sfn', `${INSTALLED}/bin/reberth`, '/usr/local/bin/reberth']);
  if (existsSync(join(deploy.place.root, '/etc/reberth/coordinator.json'))) return;
  await deploy.must([
    ...[`${INSTALLED}/bin/reberth`, 'init', '--inventory', '/etc/ansible/hosts', '--address', DEPLOY.address],
    ...['--kubeconfig', ADMIN_KUBECONFIG, '--ca', `${SSL}/ca.pem`, '--ca-key', `${SSL}/ca-key.pem`, '--cluster', 'kubeasz'],
  ]);
}

/** A host gets what was made for it, and nothing of the others. */
async function handOver(deploy: Host, host: Host): Promise<void> {
  const from = join(deploy.place.root, CREDENTIALS, host.plan.address);
  for (const name of await readdir(from))
    await host.lay(`/etc/reberth/agent/${name}`, await readFile(join(from, name)), (await stat(join(from, name))).mode & 0o777);
}

async function start(host: Host, unit: string): Promise<void> {
  await host.must(['/usr/bin/systemctl', 'daemon-reload']);
  await host.must(['/usr/bin/systemctl', '--quiet', 'enable', unit]);
  await host.must(['/usr/bin/systemctl', 'restart', unit]);
  await until(`${unit} active on ${host.plan.address}`, async () => {
    const state = (await host.exec(['/usr/bin/systemctl', 'is-active', unit])).stdout.trim();
    return state === 'active' || `it is ${state}`;
  });
}
