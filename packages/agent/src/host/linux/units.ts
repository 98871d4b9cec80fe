/**
 * systemd units of this host, by systemctl. Looking never fails for a unit that does not exist; changing rejects with systemd's own words.
 * A restart is waited for until its job ends or its time is over.
 */
import type { UnitState } from '../host.ts';
import { runProgram } from './run-program.ts';

const SYSTEMCTL = '/usr/bin/systemctl';
const SHOW_TIMEOUT_MS = 10_000;
const RELOAD_TIMEOUT_MS = 60_000;
/** systemd itself gives a start 90 s by default; a Type=notify API server on a busy master uses most of them. */
const RESTART_TIMEOUT_MS = 120_000;

const PROPERTIES = 'LoadState,ActiveState,SubState,InvocationID,CanReload';

export async function showUnit(name: string): Promise<UnitState> {
  const unit = unitName(name);
  const answer = await runProgram(SYSTEMCTL, ['show', `--property=${PROPERTIES}`, '--', unit], SHOW_TIMEOUT_MS);
  if (!answer.ok) throw new Error(`cannot ask systemd about ${unit}: ${firstLine(answer.stderr)}`);
  const value = (key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(answer.stdout)?.[1] ?? '';
  const load = value('LoadState');
  return {
    name: unit,
    exists: load !== 'not-found' && load !== '',
    active: value('ActiveState'),
    sub: value('SubState'),
    invocationId: value('InvocationID'),
    canReload: value('CanReload') === 'yes',
  };
}

export const reloadUnit = (name: string): Promise<void> => change('reload', name, RELOAD_TIMEOUT_MS);

export const restartUnit = (name: string): Promise<void> => change('restart', name, RESTART_TIMEOUT_MS);

async function change(verb: 'reload' | 'restart', name: string, timeoutMs: number): Promise<void> {
  const unit = unitName(name);
  const answer = await runProgram(SYSTEMCTL, [verb, '--', unit], timeoutMs);
  if (!answer.ok) throw new Error(`cannot ${verb} ${unit}: ${firstLine(answer.stderr) || `no end within ${timeoutMs / 1000} s`}`);
}

const unitName = (name: string): string => (/\.[a-z]+$/.test(name) ? name : `${name}.service`);

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
