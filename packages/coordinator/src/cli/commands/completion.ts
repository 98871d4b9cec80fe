/** A script that teaches a shell the commands and options, made from the program itself. */
import { Argument } from 'commander';
import { EXIT } from '../context.ts';
import { renderCompletion, SHELLS, type Shell } from '../render/completion.ts';
import { defineCommand } from './command.ts';

export const completion = defineCommand({
  name: 'completion',
  summary: 'print a completion script for a shell',
  examples: [
    'source <(reberth completion bash)',
    'reberth completion zsh > ~/.zfunc/_reberth',
    'reberth completion fish > ~/.config/fish/completions/reberth.fish',
  ],
  shape: (command) => command.addArgument(new Argument('<SHELL>', 'which one').choices(SHELLS)),
  async run({ out }, { args: [shell], program }) {
    const commands = program.commands.map((command) => ({
      name: command.name(),
      summary: command.description(),
      options: command.options.flatMap(({ long, description }) => (long === undefined || long === null ? [] : [{ name: long, text: description }])),
      words: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
    }));
    // Commander has refused every other word.
    out.write(renderCompletion(shell as Shell, commands));
    return EXIT.done;
  },
});
