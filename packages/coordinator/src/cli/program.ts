/**
 * The `reberth` program: every command of the list, run with a context. Promises one of six exit codes and, for everything that went
 * wrong, a card with the state of things and the next command. Never ends the process itself.
 */
import { Command, CommanderError } from 'commander';
import { commands } from './commands/index.ts';
import { type CliContext, EXIT, type ExitCode } from './context.ts';
import { failed } from './failure.ts';

export async function runCli(argv: readonly string[], context: CliContext): Promise<ExitCode> {
  let code: ExitCode = EXIT.done;
  const program = createProgram(context, async (deed) => {
    code = await deed(context);
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    return failed(context, error);
  }
}

const EXIT_CODES = '\nExit codes: 0 done, 1 failed or rolled back, 2 usage, 3 refused, 4 held for the operator, 5 coordinator unreachable\n';

function createProgram({ out, err }: CliContext, settle: (deed: (context: CliContext) => Promise<ExitCode>) => Promise<void>): Command {
  const program = new Command('reberth')
    .description('Moves a running Kubernetes cluster to another control-plane address while it stays in service.')
    .exitOverride()
    .showHelpAfterError('next:  reberth --help')
    .configureOutput({
      writeOut: (text) => out.write(text),
      writeErr: (text) => err.write(text),
      getOutHelpWidth: () => out.columns,
      getErrHelpWidth: () => err.columns,
      outputError: (text, write) => write(`${text.replace(/^error: /, 'cannot run this: ')}state: nothing was changed on any host\n`),
    })
    .addHelpText('after', EXIT_CODES);
  for (const command of commands) command.attach(program, settle);
  return program;
}
