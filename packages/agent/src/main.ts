/**
 * The program `reberth-agent`. Commands and their options; everything else is in `cli/`. Exit codes: 0 done, 1 failed, 2 wrong usage.
 */
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import { Command, CommanderError } from 'commander';
import { terminal } from './cli/context.ts';
import { revert } from './cli/revert.ts';
import { serve } from './cli/serve.ts';
import { status } from './cli/status.ts';
import { undo } from './cli/undo.ts';
import { CONFIG_FILE } from './config.ts';
import { AGENT_VERSION } from './version.ts';

interface Options {
  readonly config: string;
  readonly json?: boolean;
  readonly rollout?: string;
  readonly yes?: boolean;
}

async function run(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = new Command('reberth-agent')
    .description('Makes the changes of a rollout on this host, keeps what was there before, and can take it back alone.')
    .version(AGENT_VERSION)
    .exitOverride()
    .showHelpAfterError('(reberth-agent --help)')
    .addHelpText(
      'after',
      `
Examples:
  reberth-agent status                                      what was changed here, from the host's own journal
  systemctl stop reberth-agent && reberth-agent undo        take back what the latest rollout left here
  reberth-agent undo --rollout r-20261123-093012-4f1a --yes

Exit codes: 0 done, 1 failed, 2 wrong usage`,
    );
  program
    .command('serve')
    .description('run as the service; systemd starts this')
    .option('--config <file>', 'configuration', CONFIG_FILE)
    .action(async (options: Options) => {
      code = await serve(options, terminal);
    });
  program
    .command('status')
    .description('show what was changed here; works without the service and the coordinator')
    .option('--config <file>', 'configuration', CONFIG_FILE)
    .option('--json', 'one JSON document')
    .action(async ({ config, json = false }: Options) => {
      code = await status({ config, json }, terminal);
    });
  program
    .command('undo')
    .description('take back what a rollout left here, newest first; the service must be stopped')
    .option('--config <file>', 'configuration', CONFIG_FILE)
    .option('--rollout <id>', 'which rollout; otherwise the latest that left something here')
    .option('--yes', 'do not ask')
    .action(async ({ config, rollout, yes = false }: Options) => {
      code = await undo({ config, yes, ...(rollout === undefined ? {} : { rollout }) }, terminal);
    });
  program
    .command('revert')
    .description('take back what was not confirmed in time; systemd starts this at the deadline and at boot')
    .option('--config <file>', 'configuration', CONFIG_FILE)
    .action(async (options: Options) => {
      code = await revert(options, terminal);
    });
  await program.parseAsync(argv);
  return code;
}

function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof ReberthError) terminal.problem([error.message, ...(error.hint === '' ? [] : [`next: ${error.hint}`])].join('\n'));
  else terminal.problem(messageOf(error));
  return 1;
}

run(process.argv)
  .catch(codeOf)
  .then((code) => process.exit(code));
