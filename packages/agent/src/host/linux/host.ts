/**
 * The host as it is: Linux with systemd. Together with its neighbours in this folder the only place where the agent touches files and
 * starts programs. Every program goes by its absolute path, every wait has a limit.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { HostWriter } from '../host.ts';
import { checkConfig } from './config-checks.ts';
import { listFolder, readState, removeState, tidyState, writeStates } from './files.ts';
import { heldAddresses } from './interfaces.ts';
import { reloadUnit, restartUnit, showUnit } from './units.ts';
import { askHttp, askTls } from './web.ts';

export function linuxHost(): HostWriter {
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
    restartUnit,
  };
}
