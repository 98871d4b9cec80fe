/**
 * Runs one program of this host and hands back what it said: for looking only. Absolute path, arguments as a list, no shell, a time
 * limit and a limit on output. A program that is absent, fails or takes too long is an answer.
 */
import { execFile } from 'node:child_process';

const OUTPUT_BYTES_MAX = 1024 * 1024;

export interface ProgramAnswer {
  readonly ok: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

export function runProgram(path: string, args: readonly string[], timeoutMs: number): Promise<ProgramAnswer> {
  if (!path.startsWith('/')) return Promise.resolve({ ok: false, stdout: '', stderr: `cannot run ${path}: not an absolute path` });
  return new Promise((resolve) => {
    const options = {
      timeout: timeoutMs,
      killSignal: 'SIGKILL' as const,
      maxBuffer: OUTPUT_BYTES_MAX,
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
      cwd: '/',
    };
    execFile(path, [...args], options, (error, stdout, stderr) => resolve({ ok: error === null, stdout, stderr: stderr || (error?.message ?? '') }));
  });
}
