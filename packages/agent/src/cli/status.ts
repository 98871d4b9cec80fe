/** `reberth-agent status`: what the journal of this host says, read without the service and without the coordinator. */

import { type Instant, leftMs } from '../deadline/deadlines.ts';
import { linuxDeadlines } from '../host/linux/deadlines.ts';
import { readJournalFile } from '../host/linux/file-storage.ts';
import { lockHolder } from '../host/linux/lock.ts';
import { readJournal } from '../journal/journal.ts';
import { type JournalEntryView, viewOf } from '../runner/runner.ts';
import { readConfig, type Terminal } from './context.ts';

export async function status(options: { readonly config: string; readonly json: boolean }, terminal: Terminal): Promise<number> {
  const config = await readConfig(options.config);
  const pid = await lockHolder(config.stateFolder);
  const { ledger } = readJournal(await readJournalFile(config.stateFolder));
  const entries = [...ledger.values()].map(viewOf);
  const now = await linuxDeadlines().now();
  if (options.json) {
    const told = entries.map(({ deadline, ...entry }) =>
      deadline === undefined ? entry : { ...entry, unconfirmed: { leftMs: leftMs(deadline, now) } },
    );
    terminal.line(JSON.stringify({ host: config.host, running: pid !== undefined, entries: told }));
  } else for (const line of statusLines(config.host, pid, entries, now)) terminal.line(line);
  return 0;
}

function statusLines(host: string, pid: number | undefined, entries: readonly JournalEntryView[], now: Instant): readonly string[] {
  const left = entries.filter(({ standing }) => standing === 'done' || standing === 'failed').length;
  return [
    `${host}: ${pid === undefined ? 'the agent is not running' : `the agent runs as process ${pid}`}`,
    ...(entries.length === 0 ? ['nothing was ever changed here'] : ['']),
    ...entries.flatMap((entry) => [entryLine(entry), ...unconfirmedLines(entry, now)]),
    ...(left === 0 ? [] : ['', `to take back what the latest rollout left here: ${undoCommand(pid !== undefined)}`]),
  ];
}

function unconfirmedLines({ deadline }: JournalEntryView, now: Instant): readonly string[] {
  if (deadline === undefined) return [];
  const left = leftMs(deadline, now);
  return [
    `    armed: ${left === 0 ? 'not confirmed in time, to be taken back now' : `taken back in ${Math.ceil(left / 1_000)} s unless it is confirmed`}`,
  ];
}

export const undoCommand = (running: boolean): string => `${running ? 'systemctl stop reberth-agent && ' : ''}reberth-agent undo`;

export const entryLine = ({ standing, atMs, step, title, rollout }: JournalEntryView): string =>
  `${new Date(atMs).toISOString()}  ${standing.padEnd(6)}  ${rollout}  ${step}  ${title}`;
