/** Completion scripts: commands first, then the options of the command at hand; files where neither fits. Pure. */

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

export interface Completable {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly { readonly name: string; readonly text: string }[];
  /** Words that its argument may be, when they are known. */
  readonly words: readonly string[];
}

export const renderCompletion = (shell: Shell, commands: readonly Completable[]): string => RENDERERS[shell](commands);

const RENDERERS: Readonly<Record<Shell, (commands: readonly Completable[]) => string>> = { bash, zsh, fish };

const wordsOf = ({ options, words }: Completable): string => [...options.map(({ name }) => name), '--help', ...words].join(' ');

function bash(commands: readonly Completable[]): string {
  return `# reberth: source <(reberth completion bash)
_reberth() {
  local current=\${COMP_WORDS[COMP_CWORD]} words=
  if [ "$COMP_CWORD" -eq 1 ]; then
    words='${commands.map(({ name }) => name).join(' ')}'
  else
    case \${COMP_WORDS[1]} in
${commands.map((command) => `      ${command.name}) words='${wordsOf(command)}' ;;`).join('\n')}
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _reberth reberth
`;
}

function zsh(commands: readonly Completable[]): string {
  const quoted = (text: string) => text.replaceAll("'", "'\\''").replaceAll(':', '\\:');
  return `#compdef reberth
_reberth() {
  if (( CURRENT == 2 )); then
    local -a commands=(
${commands.map(({ name, summary }) => `      '${name}:${quoted(summary)}'`).join('\n')}
    )
    _describe command commands
    return
  fi
  case $words[2] in
${commands.map((command) => `    ${command.name}) compadd -- ${wordsOf(command)} ;;`).join('\n')}
  esac
  _files
}
if [ "$funcstack[1]" = _reberth ]; then _reberth "$@"; else compdef _reberth reberth; fi
`;
}

function fish(commands: readonly Completable[]): string {
  const quoted = (text: string) => text.replaceAll('\\', '\\\\').replaceAll("'", "\\'");
  const lines = commands.flatMap(({ name, summary, options, words }) => [
    `complete -c reberth -f -n __fish_use_subcommand -a ${name} -d '${quoted(summary)}'`,
    ...options.map((option) => `complete -c reberth -n '__fish_seen_subcommand_from ${name}' -l ${option.name.slice(2)} -d '${quoted(option.text)}'`),
    ...(words.length === 0 ? [] : [`complete -c reberth -f -n '__fish_seen_subcommand_from ${name}' -a '${words.join(' ')}'`]),
  ]);
  return `${lines.join('\n')}\n`;
}
