/** Runs a program of this machine with an argument list, never through a shell. */
import { spawn } from 'node:child_process';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly input?: string | Buffer;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Each line of output as it comes. */
  readonly onLine?: (line: string) => void;
}

export function run(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  const [program = '', ...args] = argv;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], env: options.env ?? process.env, cwd: options.cwd });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      const lines = lineReader(options.onLine);
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
        lines(text);
      });
    }
    // A program that does not read its input closes it; that is no failure of ours.
    child.stdin.on('error', () => undefined).end(options.input ?? '');
    child.on('error', (error) => reject(new Error(`cannot run ${program}: ${error.message}`)));
    child.on('close', (code, signal) => resolve({ code: code ?? (signal === null ? 1 : 128), ...output }));
  });
}

/** Like `run`, and fails when the program does. */
export async function must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(argv, options);
  if (code !== 0) throw new Error(`cannot run ${argv.join(' ')}: exit code ${code}: ${(stderr || stdout).trim().slice(-2000)}`);
  return stdout;
}

function lineReader(onLine: ((line: string) => void) | undefined): (text: string) => void {
  let rest = '';
  return (text) => {
    if (onLine === undefined) return;
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  };
}
