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
      const ringsAtMs = Number(process.hrtime.bigint() / 1_000_000n) + inMs + GRACE_MS;
      const answer = await run(SYSTEMD_RUN, timerArguments(token, ringsAtMs - (await managerStartedAtMs(run))), TIMEOUT_MS);
      if (!answer.ok && !(await armed()).includes(token)) throw new Error(`cannot start the timer of the deadline: ${firstLine(answer.stderr)}`);
    },
    async disarm(token) {
      const answer = await run(SYSTEMCTL, ['stop', '--', timer(token)], TIMEOUT_MS);
      // One that rang is gone by itself.
      if (!answer.ok && (await armed()).includes(token)) throw new Error(`cannot stop the timer of the deadline: ${firstLine(answer.stderr)}`);
    },
  };
}

/** On the kernel's monotonic clock. */
async function managerStartedAtMs(run: typeof runProgram): Promise<number> {
  const answer = await run(SYSTEMCTL, ['show', '--property=UserspaceTimestampMonotonic'], TIMEOUT_MS);
  const microseconds = /^UserspaceTimestampMonotonic=(\d+)$/m.exec(answer.stdout)?.[1];
  if (!answer.ok || microseconds === undefined) throw new Error(`cannot ask systemd when it was started: ${firstLine(answer.stderr)}`);
  return Number(microseconds) / 1_000;
}

/**
 * Counted from the start of systemd: a time counted from the start of the timer begins anew at every daemon-reload. Without the accuracy a timer may
 * ring a minute late.
 */
const timerArguments = (token: string, afterStartMs: number): readonly string[] => [
  '--quiet',
  `--unit=reberth-revert@${token}.service`,
  `--on-startup=${Math.ceil(afterStartMs)}ms`,
  '--timer-property=AccuracySec=100ms',
];

async function now(): Promise<Instant> {
  const [boot, uptime] = await Promise.all([bootName(), readFile('/proc/uptime', 'utf8')]);
  const uptimeMs = Math.round(Number(uptime.split(' ')[0]) * 1_000);
  if (!Number.isFinite(uptimeMs)) throw new Error('cannot tell how long this host is up');
  return { boot, uptimeMs };
}

const firstLine = (text: string): string => text.trim().split('\n')[0] ?? '';
