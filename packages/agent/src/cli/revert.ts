/**
 * `reberth-agent revert`: takes back what was not confirmed in time, for systemd to start: by the timer that was set when a step was armed,
 * and at every start of the host. Needs neither the service nor a coordinator. A service that works is left to do it itself; one that holds
 * the lock and gives no sign of life is ended first.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { AgentConfig } from '../config.ts';
import { leftMs } from '../deadline/deadlines.ts';
import { steadyClock } from '../host/linux/clock.ts';
import { linuxDeadlines } from '../host/linux/deadlines.ts';
import { fileStorage, readJournalFile } from '../host/linux/file-storage.ts';
import { endHolder, lockState, signOfLife } from '../host/linux/lock.ts';
import { readJournal } from '../journal/journal.ts';
import { isArmed } from '../journal/ledger.ts';
import type { Storage } from '../journal/storage.ts';
import { readConfig, type Terminal } from './context.ts';
import { runnerOf } from './undo.ts';

const LOOK_EVERY_MS = 200;
/** Nothing takes longer than this on a host where all is well: a reload, and addresses that settle. */
const SERVICE_LIMIT_MS = 90_000;

export async function revert(options: { readonly config: string }, terminal: Terminal): Promise<number> {
  const config = await readConfig(options.config);
  if (!(await isSomethingDue(config))) return 0;
  // The storage first: it makes the folder that the lock is in.
  const storage = await fileStorage(config.stateFolder);
  const holder = createHolderWatch(config);
  const untilMs = steadyClock.nowMs() + SERVICE_LIMIT_MS;
  for (;;) {
    const lock = await lockState(config.stateFolder);
    if (lock.ok) {
      try {
        return await revertNow(config, storage, terminal);
      } finally {
        await lock.release();
      }
    }
    if (await holder.isHung()) {
      terminal.problem(`process ${lock.pid} holds ${config.stateFolder} and gives no sign of life: ending it`);
      await endHolder(config.stateFolder, lock.pid);
    }
    if (steadyClock.nowMs() >= untilMs) {
      terminal.problem(`process ${lock.pid} works on ${config.stateFolder}, and has not taken everything back yet: leaving it to that`);
      return 0;
    }
    await wait(LOOK_EVERY_MS);
    if (!(await isSomethingDue(config))) return 0;
  }
}

async function revertNow(config: AgentConfig, storage: Storage, terminal: Terminal): Promise<number> {
  const runner = await runnerOf(config, storage, terminal);
  // What was interrupted gets its end, and then what is due is taken back.
  await runner.recover();
  for (const { step, title } of runner.entries().filter(({ deadline }) => deadline !== undefined))
    terminal.line(`not confirmed yet: ${step}  ${title}`);
  return (await isSomethingDue(config)) ? 1 : 0;
}

async function isSomethingDue({ stateFolder }: AgentConfig): Promise<boolean> {
  const { ledger } = readJournal(await readJournalFile(stateFolder));
  const armed = [...ledger.values()].filter(isArmed);
  if (armed.length === 0) return false;
  const now = await linuxDeadlines().now();
  return armed.some(({ deadline }) => deadline !== undefined && leftMs(deadline, now) === 0);
}

/** The service writes into its state folder at every heartbeat; whoever does not, although it holds the lock, is hung. */
function createHolderWatch({ stateFolder, heartbeatMs }: AgentConfig): { isHung(): Promise<boolean> } {
  const patienceMs = 2 * heartbeatMs + 1_000;
  let seen: string | undefined;
  let sinceMs = 0;
  return {
    async isHung() {
      const sign = await signOfLife(stateFolder);
      if (seen === undefined || sign !== seen) [seen, sinceMs] = [sign, steadyClock.nowMs()];
      return steadyClock.nowMs() - sinceMs > patienceMs;
    },
  };
}
