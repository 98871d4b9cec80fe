/** Runs a program of the tests in the network of a lab host, with this machine's files. Lines out as they come; ends with its stdin. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Lab } from '../../../lab/src/index.ts';

export interface Companion {
  readonly lines: readonly string[];
  tell(line: string): void;
  /** The next line that it prints. */
  next(): Promise<string>;
  stop(): Promise<void>;
}

export async function runInNetworkOf(lab: Lab, host: string, program: string, args: readonly string[]): Promise<Companion> {
  const pid = await lab.pidOf(host);
  if (pid === undefined) throw new Error(`cannot run ${program} at ${host}: it is not up`);
  const child: ChildProcess = spawn('/usr/bin/nsenter', ['-t', String(pid), '-n', process.execPath, program, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines: string[] = [];
  const waiting: ((line: string) => void)[] = [];
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (line) => {
      lines.push(line);
      waiting.shift()?.(line);
    });
  }
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  return {
    lines,
    tell: (line) => void child.stdin?.write(`${line}\n`),
    next: () => new Promise((resolve) => waiting.push(resolve)),
    async stop() {
      child.stdin?.end();
      await ended;
    },
  };
}
