/**
 * Two container images made of the base image's static busybox, since nothing can be pulled: one that holds a pod's namespaces open and
 * one that answers HTTP. One archive with both, made anew for each lab in a moment.
 */
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { must } from '../run.ts';

export const PAUSE_IMAGE = 'lab.local/pause:1';
export const WEB_IMAGE = 'lab.local/web:1';

const LINKS = ['sh', 'sleep', 'httpd', 'hostname', 'mkdir', 'cat', 'wget', 'ls', 'echo'] as const;

const ENTRYPOINTS: Readonly<Record<string, readonly string[]>> = {
  [PAUSE_IMAGE]: ['/bin/sleep', '2147483647'],
  [WEB_IMAGE]: ['/bin/sh', '-c', 'mkdir -p /www && hostname >/www/index.html && exec httpd -f -p 8080 -h /www'],
};

/** Writes the archive for `ctr images import`. `folder` is for the work and is gone afterwards. */
export async function writeImages(baseImage: string, folder: string, archive: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const bin = join(folder, 'layer/bin');
  await mkdir(bin, { recursive: true });
  await copyFile(join(baseImage, 'bin/busybox'), join(bin, 'busybox'));
  for (const link of LINKS) await symlink('busybox', join(bin, link));
  await must([
    '/usr/bin/tar',
    '-C',
    join(folder, 'layer'),
    '--owner=0',
    '--group=0',
    '--sort=name',
    '--mtime=@0',
    '-cf',
    join(folder, 'layer.tar'),
    '.',
  ]);
  const digest = createHash('sha256')
    .update(await readFile(join(folder, 'layer.tar')))
    .digest('hex');
  const manifest = [];
  for (const [tag, Entrypoint] of Object.entries(ENTRYPOINTS)) {
    const name = `${tag.replace(/\W/g, '-')}.json`;
    const config = { Entrypoint, Env: ['PATH=/bin'] };
    await writeFile(
      join(folder, name),
      JSON.stringify({ architecture: 'amd64', os: 'linux', config, rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] } }),
    );
    manifest.push({ Config: name, RepoTags: [tag], Layers: ['layer.tar'] });
  }
  await writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest));
  await must(['/usr/bin/tar', '-C', folder, '-cf', archive, 'manifest.json', 'layer.tar', ...manifest.map(({ Config }) => Config)]);
  await rm(folder, { recursive: true });
}
