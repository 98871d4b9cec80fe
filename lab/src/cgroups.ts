/**
 * One group per host in every cgroup hierarchy of this machine, whether it has one of each controller (v1, or both versions side by
 * side) or a single one (v2). A host's group in the version 2 hierarchy is what ends everything in it at one instant.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from './until.ts';

const ROOT = '/sys/fs/cgroup';
const isUnified = existsSync(join(ROOT, 'cgroup.procs'));
/** The hierarchy that has `cgroup.kill`, and the one in which systemd puts PID 1. */
const KILLING = isUnified ? ROOT : join(ROOT, 'unified');
const NAMED = isUnified ? ROOT : join(ROOT, 'systemd');

const hierarchies = (): readonly string[] =>
  isUnified
    ? [ROOT]
    : readdirSync(ROOT)
        .map((name) => join(ROOT, name))
        .filter((path) => existsSync(join(path, 'cgroup.procs')));

/** Makes the group, parents included, and gives it what a new group needs before a process may enter. */
export async function makeGroup(group: string): Promise<void> {
  for (const hierarchy of hierarchies()) {
    let path = hierarchy;
    for (const part of group.split('/')) {
      if (isUnified) await passControllers(path);
      const parent = path;
      path = join(path, part);
      await mkdir(path, { recursive: true });
      // A new cpuset is empty, and nothing may run in an empty one.
      for (const file of ['cpuset.cpus', 'cpuset.mems']) {
        if (!isUnified && existsSync(join(path, file))) await writeFile(join(path, file), await readFile(join(parent, file)));
      }
    }
  }
}

/** The files to write a process id into so that it enters the group. */
export const doorsOf = (group: string): readonly string[] => hierarchies().map((path) => join(path, group, 'cgroup.procs'));

/** The door of the one hierarchy that matters for ending: what a command from outside enters. */
export const killDoorOf = (group: string): string => join(KILLING, group, 'cgroup.procs');

/** Process id, as this machine counts, of the host's PID 1. */
export async function firstProcessOf(group: string): Promise<number | undefined> {
  const text = await readFile(join(NAMED, group, 'payload/init.scope/cgroup.procs'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return pid > 0 ? pid : undefined;
}

export async function isPopulated(group: string): Promise<boolean> {
  const text = await readFile(join(KILLING, group, 'cgroup.events'), 'utf8').catch(() => '');
  return text.includes('populated 1');
}

/** Ends everything in the group at one instant. */
export async function killGroup(group: string): Promise<void> {
  const file = join(KILLING, group, 'cgroup.kill');
  if (!existsSync(file)) return;
  await writeFile(file, '1');
  await until(`group ${group} empty`, async () => !(await isPopulated(group)) || 'processes are left');
}

/** Removes the group with all below it. The kernel frees some a moment late, so it asks again. */
export async function dropGroup(group: string): Promise<void> {
  for (const hierarchy of hierarchies()) {
    await until(`${join(hierarchy, group)} gone`, () => removeTree(join(hierarchy, group)));
  }
}

async function removeTree(path: string): Promise<true | string> {
  if (!existsSync(path)) return true;
  for (const entry of await readdir(path, { withFileTypes: true }).catch(() => [])) {
    if (entry.isDirectory()) await removeTree(join(path, entry.name));
  }
  return rmdir(path).then(
    () => true as const,
    (error: Error) => error.message,
  );
}

/** Version 2 alone: a group may only use what its parent passes on. */
async function passControllers(path: string): Promise<void> {
  const names = (await readFile(join(path, 'cgroup.controllers'), 'utf8'))
    .trim()
    .split(/\s+/)
    .filter((name) => name !== '');
  for (const name of names) await writeFile(join(path, 'cgroup.subtree_control'), `+${name}`).catch(() => undefined);
}
