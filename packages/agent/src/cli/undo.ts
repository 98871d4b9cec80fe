/**
 * `reberth-agent undo`: takes back what a rollout left on this host, newest first, by the host's own journal alone. Works while the service is
 * stopped, so that two never change the host at once, and asks before the first change.
 */
import { createInterface } from 'node:readline/promises';
import type { Report } from '@reberth/protocol/ask.ts';
import { actionFor } from '../actions/index.ts';
import type { AgentConfig } from '../config.ts';
import { linuxDeadlines } from '../host/linux/deadlines.ts';
import { fileStorage } from '../host/linux/file-storage.ts';
import { linuxHost } from '../host/linux/host.ts';
import { lockState } from '../host/linux/lock.ts';
import { openJournal } from '../journal/journal.ts';
import type { Storage } from '../journal/storage.ts';
import { createRunner, type Runner } from '../runner/runner.ts';
import { readConfig, type Terminal } from './context.ts';
import { entryLine } from './status.ts';

export interface UndoOptions {
  readonly config: string;
  readonly rollout?: string;
  readonly yes: boolean;
}

export async function undo(options: UndoOptions, terminal: Terminal): Promise<number> {
  const config = await readConfig(options.config);
  // The storage first: it makes the folder that the lock is in.
  const storage = await fileStorage(config.stateFolder);
  const lock = await lockState(config.stateFolder);
  if (!lock.ok) {
    terminal.problem(`cannot undo: the agent is running as process ${lock.pid}; systemctl stop reberth-agent first`);
    return 1;
  }
  try {
    const runner = await runnerOf(config, storage, terminal);
    return await undoWith(runner, options, terminal);
  } finally {
    await lock.release();
  }
}

export async function runnerOf(config: AgentConfig, storage: Storage, terminal: Terminal): Promise<Runner> {
  const say = (fields: object, message: string): void => terminal.problem(`${message}: ${JSON.stringify(fields)}`);
  const log = { info: () => undefined, warn: say, error: say };
  return createRunner({
    self: config.host,
    host: linuxHost({ helpers: config.helpersFolder }),
    journal: await openJournal(storage, log),
    deadlines: linuxDeadlines(),
    actionFor,
    log,
  });
}

async function undoWith(runner: Runner, { rollout, yes }: UndoOptions, terminal: Terminal): Promise<number> {
  const wanted = runner.undoable(rollout);
  if (wanted.length === 0) {
    terminal.line(rollout === undefined ? 'nothing to undo: no rollout left a change here' : `nothing to undo: ${rollout} left no change here`);
    return 0;
  }
  terminal.line('to be taken back, in this order:');
  for (const entry of wanted) terminal.line(entryLine(entry));
  if (!yes && !(await confirmed())) {
    terminal.problem('nothing was undone; say --yes to undo without being asked');
    return 1;
  }
  // What was interrupted first gets an end, so that nothing is taken back twice.
  await runner.recover();
  const reports = await runner.undoEverything(wanted[0]?.rollout);
  for (const report of reports) terminal.line(reportLine(report));
  const left = runner.undoable(wanted[0]?.rollout);
  if (left.length > 0) terminal.problem(`${left.length} of ${wanted.length} steps are not taken back; settle the reason above, then run this again`);
  return left.length === 0 ? 0 : 1;
}

const reportLine = ({ step, outcome, why }: Report): string => `${outcome.padEnd(8)}${step}${why === '' ? '' : `: ${why}`}`;

async function confirmed(): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question('undo these steps? [yes/no] ')).trim().toLowerCase() === 'yes';
  } finally {
    terminal.close();
  }
}
