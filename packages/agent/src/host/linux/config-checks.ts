/**
 * keepalived's and haproxy's own check of a configuration file. A program that is absent, or too old to check, is not available and that is
 * all. keepalived's exit code is no judge: it fails every file whose scripts it would not run for security reasons, so its words are read.
 */
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { type ProgramAnswer, runProgram } from './run-program.ts';

const TIMEOUT_MS = 10_000;
/** A file that is no configuration at all gets a complaint per line. */
const PROBLEMS_MAX = 20;

export interface Checked {
  readonly available: boolean;
  readonly problems: readonly string[];
}

export async function checkConfig(program: 'keepalived' | 'haproxy', path: string): Promise<Checked> {
  const file = `/usr/sbin/${program}`;
  const runs = await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
  if (!runs) return { available: false, problems: [] };
  const argumentsFor = { keepalived: ['-t', '-f', path], haproxy: ['-c', '-f', path] } as const;
  const answer = await runProgram(file, argumentsFor[program], TIMEOUT_MS);
  return program === 'keepalived' ? judgeKeepalived(answer) : judgeHaproxy(answer);
}

/** Exported for the test: 4, 5 and 6 are used for one another across versions, the words are not. */
export function judgeKeepalived({ ok, stderr }: ProgramAnswer): Checked {
  if (ok) return { available: true, problems: [] };
  // Before 2.0.6 there is no check.
  if (/(invalid|unrecognized|unknown) option/i.test(stderr)) return { available: false, problems: [] };
  const said = linesOf(stderr).filter((line) => !line.startsWith('Command failed:'));
  // Ended without a word: killed, or out of time.
  if (said.length === 0) return { available: false, problems: [] };
  const words = said.filter((line) => !line.includes('SECURITY VIOLATION'));
  return { available: true, problems: words.slice(0, PROBLEMS_MAX) };
}

function judgeHaproxy({ ok, stderr }: ProgramAnswer): Checked {
  if (ok) return { available: true, problems: [] };
  const words = linesOf(stderr).filter((line) => /\[(ALERT|EMERG)\]/.test(line));
  return { available: true, problems: (words.length > 0 ? words : linesOf(stderr)).slice(0, PROBLEMS_MAX) };
}

const linesOf = (text: string): readonly string[] => text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
