/** The `reberth` command line: builds the context from the process, runs one command, ends with its exit code. */
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { setTimeout } from 'node:timers/promises';
import { createLogUpdate } from 'log-update';
import { type CoordinatorApi, connect } from './client.ts';
import { configPath, readCliConfig } from './config.ts';
import type { CliContext, Output } from './context.ts';
import { runCli } from './program.ts';

async function main(): Promise<void> {
  let connection: Promise<CoordinatorApi> | undefined;
  const context: CliContext = {
    out: outputOf(process.stdout),
    err: outputOf(process.stderr),
    picture: pictureOn(process.stdout),
    api: () => (connection ??= readCliConfig(configPath(process.env)).then(connect)),
    confirm,
    onInterrupt(onSignal) {
      process.on('SIGINT', onSignal);
      return () => void process.off('SIGINT', onSignal);
    },
    nowMs: Date.now,
    sleep: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined),
    places: {
      planFile: join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local/state'), 'reberth/plan.json'),
      system: '/etc/reberth',
      operator: dirname(configPath(process.env)),
    },
    // Only `init` needs certificates made: everything else starts faster without.
    initialise: async (options) => (await import('../authority/initialise.ts')).initialise(options),
  };
  process.exitCode = await runCli(process.argv.slice(2), context);
  await connection?.then(
    (api) => api.close(),
    () => undefined,
  );
}

const outputOf = (stream: NodeJS.WriteStream): Output => ({
  write: (text) => void stream.write(text),
  isTerminal: isTerminal(stream),
  colour: isTerminal(stream) && (process.env['NO_COLOR'] ?? '') === '',
  get columns() {
    return stream.columns ?? 100;
  },
});

/** A terminal that tells no size cannot be drawn on; lines it can show. */
const isTerminal = (stream: NodeJS.WriteStream): boolean => stream.isTTY === true && stream.columns > 0;

function pictureOn(stream: NodeJS.WriteStream): CliContext['picture'] {
  let update: ReturnType<typeof createLogUpdate> | undefined;
  return {
    draw(text) {
      update ??= createLogUpdate(stream);
      update(text);
    },
    done() {
      update?.done();
      update = undefined;
    },
  };
}

async function confirm(question: string): Promise<boolean | undefined> {
  if (process.stdin.isTTY !== true) return undefined;
  const questions = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await questions.question(`${question} [y/N] `)).trim());
  } finally {
    questions.close();
  }
}

// `reberth events | head`: a reader who has seen enough is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

main().catch((error: unknown) => {
  process.stderr.write(`internal error: ${error instanceof Error ? error.stack : String(error)}\n`);
  process.exitCode = 1;
});
