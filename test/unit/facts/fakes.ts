/** A host that is a map of files, with the survey of the same map. */
import type { FactContext } from '@reberth/agent/facts/fact.ts';
import type { HostReader } from '@reberth/agent/host/host.ts';
import { fakeHost } from '../probes/fakes.ts';

export function contextOf(files: Readonly<Record<string, string | Buffer>>, unreadable: readonly string[] = []): FactContext {
  const paths = [...Object.keys(files), ...unreadable].sort();
  const host: HostReader = fakeHost({
    async readFile(path) {
      if (unreadable.includes(path)) throw new Error(`cannot read ${path}: EIO`);
      const content = files[path];
      return content === undefined ? undefined : { bytes: Buffer.from(content), mode: 0o644, uid: 0, gid: 0 };
    },
    list: async (folder) => paths.filter((path) => path.startsWith(`${folder}/`)).map((path) => path.slice(folder.length + 1)),
    unit: async (name) => ({ name, exists: name === 'kubelet.service', active: 'active', sub: 'running', invocationId: 'i', canReload: false }),
  });
  return {
    host,
    survey: {
      async files(roots, { fileBytesMax, ignore }) {
        const within = (path: string) =>
          roots.some(
            (root) =>
              path === root.path || (path.startsWith(`${root.path}/`) && path.slice(root.path.length + 1).split('/').length <= root.depthMax + 1),
          );
        // A folder that is ignored is not entered.
        const ignored = (path: string) => path.split('/').some((_, index, parts) => index > 0 && ignore(parts.slice(0, index + 1).join('/')));
        const found = paths.filter((path) => within(path) && !ignored(path));
        const large = found.filter((path) => (files[path]?.length ?? 0) > fileBytesMax);
        return {
          files: found.filter((path) => !large.includes(path)),
          skipped: large.map((path) => ({ path, why: `larger than ${fileBytesMax} bytes` })),
        };
      },
      isProgram: async () => false,
      programOf: async () => undefined,
      versionText: async () => '',
    },
  };
}
