/**
 * The shape of one command of `reberth`: its name, its help with examples, its options, its deed. A new command is a new file of this
 * shape and a line in index.ts. A deed returns the exit code; what goes wrong it throws.
 */
import { type Command, InvalidArgumentError } from 'commander';
import type { CliContext, ExitCode } from '../context.ts';

export interface Invocation<Options> {
  readonly options: Options;
  readonly args: readonly string[];
  readonly program: Command;
}

interface Definition<Options> {
  readonly name: string;
  /** One line, in the list of commands. */
  readonly summary: string;
  readonly examples: readonly string[];
  shape(command: Command): Command;
  run(context: CliContext, invocation: Invocation<Options>): Promise<ExitCode>;
}

export interface CliCommand {
  readonly name: string;
  attach(program: Command, settle: (deed: (context: CliContext) => Promise<ExitCode>) => Promise<void>): void;
}

export const defineCommand = <Options extends object>({ name, summary, examples, shape, run }: Definition<Options>): CliCommand => ({
  name,
  attach(program, settle) {
    const command = shape(program.command(name).description(summary)).showHelpAfterError(`next:  reberth ${name} --help`);
    command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  $ ${example}`).join('\n')}`);
    command.action(() => settle((context) => run(context, { options: command.opts<Options>(), args: command.args, program })));
  },
});

/** Commands that act on one rollout, the latest when none is named. */
export const onRollout = (command: Command): Command => command.argument('[ROLLOUT]', 'its id; the latest when left out');

/** Zero stands for "the default" in the API, and none of these numbers makes sense as zero. */
export function positiveNumber(text: string): number {
  if (!/^\d+$/.test(text) || Number(text) === 0 || Number(text) > 1_000_000)
    throw new InvalidArgumentError(`${text} is not a whole number from 1 on.`);
  return Number(text);
}

export function secondsToMs(text: string): number {
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds < 0 || text.trim() === '') throw new InvalidArgumentError(`${text} is not a number of seconds.`);
  // Zero stands for "the default" in the API, so the shortest time that can be asked for is a millisecond.
  return Math.max(1, Math.round(seconds * 1_000));
}

export const list = (text: string): readonly string[] =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
