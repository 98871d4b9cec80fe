/** The admin's credentials, copied out of the lab for the client that watches from outside. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Lab } from '../../lab/src/index.ts';
import type { ClientFiles } from './under-fire.ts';

const NAMES = ['ca.pem', 'admin.pem', 'admin-key.pem'] as const;

export async function withClientFiles<T>(lab: Lab, work: (files: ClientFiles) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'reberth-client-'));
  try {
    for (const name of NAMES) await writeFile(join(folder, name), await lab.readFile('.41', `/etc/kubernetes/ssl/${name}`), { mode: 0o600 });
    return await work([join(folder, 'ca.pem'), join(folder, 'admin.pem'), join(folder, 'admin-key.pem')]);
  } finally {
    await rm(folder, { recursive: true });
  }
}
