/**
 * Deadlines on a host with systemd: a transient timer each, which starts `reberth-revert@TOKEN.service`. Timers live in PID 1, so they need
 * no agent, and outlast its end and a daemon-reload; after a start of the host the boot's own instance of that unit looks at once. Time is
 * the kernel's uptime, which nobody can set.
 */
import { readFile } from 'node:fs/promises';
import type { Deadlines, Instant } from '../../deadline/deadlines.ts';
import { bootName } from './boot.ts';
import { runProgram } from './run-program.ts';

const SYSTEMD_RUN = '/usr/bin/systemd-run';
const SYSTEMCTL = '/usr/bin/systemctl';
const TIMEOUT_MS = 10_000;
/** The agent's own look comes first; the timer is for when it does not. */
const GRACE_MS = 1_000;

const timer = (token: string): string => `reberth-revert@${token}.timer`;

/** `run` is another one in tests only. */
export function linuxDeadlines(run: typeof runProgram = runProgram): Deadlines {
  const armed = async (): Promise<readonly string[]> => {
    const answer = await run(SYSTEMCTL, ['list-units', '--type=timer', '--plain', '--no-legend', '--', timer('*')], TIMEOUT_MS);
    if (!answer.ok) throw new Error(`cannot list the timers of deadlines: ${firstLine(answer.stderr)}`);
    return answer.stdout.split('\n').flatMap((line) => /reberth-revert@(\w+)\.timer/.exec(line)?.[1] ?? []);
  };
  return {
    now,
    armed,
    async arm(token, inMs) {
      const answer = await run(SYSTEMD_RUN, timerArguments(token, inMs + GRACE_MS), TIMEOUT_MS);
      if (!answer.ok && !(await armed()).includes(token)) throw new Error(`cannot start the timer of the deadline: ${firstLine(answer.stderr)}`);
    },
    async disarm(token) {
      const answer = await run(SYSTEMCTL, ['stop', '--', timer(token)], TIMEOUT_MS);
      // One that rang is gone by itself.
      if (!answer.ok && (await armed()).includes(token)) throw new Error(`cannot stop the timer of the deadline: ${firstLine(answer.stderr)}`);
    },
  };
}

/** Without the accuracy a timer may ring a minute late. */
const timerArguments = (token: string, inMs: number): readonly string[] => [
  '--quiet',
  `--unit=reberth-revert@${token}.service`,
  `--on-active=${Math.ceil(inMs)}ms`,
  '--timer-property=AccuracySec=100ms',
];

async function now(): Promise<Instant> {
  const [boot, uptime] = await Promise.all([bootName(), readFile('/proc/uptime', 'utf8')]);
  const uptimeMs = Math.round(Number(uptime.split(' ')[0]) * 1_000);
  if (!Number.isFinite(uptimeMs)) throw new Error('cannot tell how long this host is up');
  return { boot, uptimeMs };
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
