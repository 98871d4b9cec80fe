/**
 * The host as earlier steps of a dry run would leave it: their files over the real ones, everything else as it is. What does not lie on the
 * disk cannot be checked by a program, so such a check is not available.
 */
import { basename, dirname } from 'node:path';
import type { StoredFile } from '../actions/action.ts';
import type { HostReader } from '../host/host.ts';

export type Overlay = ReadonlyMap<string, StoredFile | undefined>;

export function overlayReader(host: HostReader, overlay: Overlay): HostReader {
  return {
    readFile: async (path) => (overlay.has(path) ? overlay.get(path) : host.readFile(path)),
    async list(path) {
      const names = new Set(await host.list(path));
      for (const [file, content] of overlay) {
        if (dirname(file) !== path) continue;
        if (content === undefined) names.delete(basename(file));
        else names.add(basename(file));
      }
      return [...names].sort();
    },
    check: async (program, path) => (overlay.has(path) ? { available: false, problems: [] } : host.check(program, path)),
    unit: (name) => host.unit(name),
    addresses: (networkInterface) => host.addresses(networkInterface),
    http: (url, options) => host.http(url, options),
    tls: (address, port, options) => host.tls(address, port, options),
    nowMs: () => host.nowMs(),
    sleep: (ms) => host.sleep(ms),
  };
}
