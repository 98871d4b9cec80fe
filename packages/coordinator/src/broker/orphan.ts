/**
 * Ends a server that a killed coordinator left behind. A process id alone proves nothing, so the process must have been started with our very
 * configuration file.
 */
import { readFile } from 'node:fs/promises';
import { ReberthError } from '@reberth/protocol/errors.ts';

const LOOK_EVERY_MS = 50;

export async function endOrphan(
  pidFile: string,
  configFile: string,
  withinMs: number,
  log: { warn(fields: object, message: string): void },
): Promise<void> {
  const pid = Number((await readOr(pidFile, '')).trim());
  if (!Number.isInteger(pid) || pid <= 1 || !(await runsWith(pid, configFile))) return;
  log.warn({ pid }, 'a broker was left behind by an earlier coordinator, it is ended');
  process.kill(pid, 'SIGTERM');
  const untilMs = performance.now() + withinMs;
  while (await runsWith(pid, configFile)) {
    if (performance.now() > untilMs)
      throw new ReberthError('broker-failed', `cannot end the broker that was left behind: process ${pid} does not stop`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** A zombie has no command line. */
const runsWith = async (pid: number, configFile: string): Promise<boolean> =>
  (await readOr(`/proc/${pid}/cmdline`, '')).split('\0').includes(configFile);

const readOr = (path: string, otherwise: string): Promise<string> => readFile(path, 'utf8').catch(() => otherwise);
