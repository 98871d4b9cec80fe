// Starts programs with argument lists, never through a shell. A program that fails is an answer here, not an exception.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { environment, root } from './paths.mjs';

/** Runs to the end with our own streams; gives the exit code (128 + n for signal n, 127 when it cannot start). */
export async function run(program, args, options = {}) {
  // A terminal sends ctrl-C to the program too, and it is the program that decides what to do about it.
  const wait = () => undefined;
  process.on('SIGINT', wait);
  try {
    return await finish(start(program, args, { stdio: 'inherit', ...options }));
  } finally {
    process.off('SIGINT', wait);
  }
}

/** Runs to the end and hands over each line of standard output as it comes; standard error passes through unless `stderr` says otherwise. */
export async function runLines(program, args, onLine, { stderr = 'inherit', ...options } = {}) {
  const child = start(program, args, { stdio: ['ignore', 'pipe', stderr], ...options });
  if (child.stdout !== null) createInterface({ input: child.stdout }).on('line', onLine);
  return finish(child);
}

/** Runs quietly; what it said is kept and given back with the code, for when it fails. */
export async function runQuietly(program, args, options = {}) {
  const child = start(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.setEncoding('utf8').on('data', (chunk) => (text += chunk));
  return { code: await finish(child), text };
}

const start = (program, args, options) => spawn(program, args, { cwd: root, env: environment(), ...options });

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

const finish = (child) =>
  new Promise((resolve) => {
    child.on('error', (error) => {
      process.stderr.write(`cannot start ${child.spawnfile}: ${error.message}\n`);
      resolve(127);
    });
    child.on('close', (code, signal) => resolve(code ?? 128 + (SIGNALS[signal] ?? 0)));
  });
