/**
 * The host as it is: Linux with systemd. Together with its neighbours in this folder the only place where the agent touches files and
 * starts programs. Every program goes by its absolute path, every wait has a limit.
 */
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { HostWriter } from '../host.ts';
import { checkConfig } from './config-checks.ts';
import { listFolder, readState, removeState, tidyState, writeStates } from './files.ts';
import { heldAddresses } from './interfaces.ts';
import { runProgram } from './run-program.ts';
import { reloadUnit, restartUnit, showUnit } from './units.ts';
import { askHttp, askTls } from './web.ts';

const ANNOUNCE_TIMEOUT_MS = 3_000;

/** `helpers`: the folder of the small programs installed with the agent. */
export function linuxHost({ helpers = '/opt/reberth/libexec' }: { readonly helpers?: string } = {}): HostWriter {
  return {
    readFile: readState,
    list: listFolder,
    unit: showUnit,
    addresses: heldAddresses,
    check: checkConfig,
    http: askHttp,
    tls: askTls,
    nowMs: () => Date.now(),
    sleep: async (ms) => {
      await wait(Math.max(0, ms));
    },
    writeFile: (path, file) => writeStates([{ path, file }]),
    writeFiles: writeStates,
    removeFile: removeState,
    tidy: tidyState,
    reloadUnit,
    async announce(networkInterface, address) {
      await runProgram(join(helpers, 'arp-announce'), [networkInterface, address], ANNOUNCE_TIMEOUT_MS);
    },
    restartUnit,
  };
}
