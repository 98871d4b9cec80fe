/** As much of systemd as timers of deadlines need: names of timers that are there, and its words when one is not. */
import type { ProgramAnswer, runProgram } from '@reberth/agent/host/linux/run-program.ts';

/** On the monotonic clock, in microseconds. */
export const STARTED_AT_US = 1_500_000;

export interface FakeSystemd {
  readonly run: typeof runProgram;
  readonly ran: readonly string[];
  /** From now on every call fails with these words. */
  refuse(words: string): void;
}

export function createFakeSystemd(): FakeSystemd {
  const timers = new Set<string>();
  const ran: string[] = [];
  let refused = '';
  const ok = (stdout = ''): ProgramAnswer => ({ ok: true, stdout, stderr: '' });
  const no = (stderr: string): ProgramAnswer => ({ ok: false, stdout: '', stderr });
  const answer = (args: readonly string[]): ProgramAnswer => {
    if (refused !== '') return no(refused);
    const unit = args.find((arg) => arg.startsWith('--unit='))?.replace(/^--unit=(.*)\.service$/, '$1.timer');
    if (unit !== undefined) {
      if (timers.has(unit)) return no(`Failed to start transient timer unit: Unit ${unit} was already loaded or has a fragment file.`);
      timers.add(unit);
      return ok();
    }
    if (args[0] === 'show') return ok(`UserspaceTimestampMonotonic=${STARTED_AT_US}\n`);
    if (args[0] === 'list-units') return ok([...timers].map((name) => `${name} loaded active waiting Reberth\n`).join(''));
    const name = args.at(-1) ?? '';
    return timers.delete(name) ? ok() : no(`Failed to stop ${name}: Unit ${name} not loaded.`);
  };
  return {
    ran,
    refuse(words) {
      refused = words;
    },
    async run(path, args) {
      ran.push([path, ...args].join(' '));
      return answer(args);
    },
  };
}
