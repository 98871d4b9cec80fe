import { execFileSync } from 'node:child_process';
import test from 'ava';
import { renderCompletion } from '../../../packages/coordinator/src/cli/render/completion.ts';

const COMMANDS = [
  { name: 'plan', summary: "say what a move would do: it's safe", options: [{ name: '--to', text: "it's where" }], words: [] },
  { name: 'completion', summary: 'print', options: [], words: ['bash', 'zsh'] },
];

const complete = (...words: readonly string[]) => {
  const script = `${renderCompletion('bash', COMMANDS)}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _reberth; echo "\${COMPREPLY[*]}"`;
  return execFileSync('/bin/bash', ['-c', script], { encoding: 'utf8' }).trim();
};

test('bash completes commands, then the options and words of the command at hand', (t) => {
  t.is(complete('reberth', 'pl'), 'plan');
  t.is(complete('reberth', 'plan', '--t'), '--to');
  t.is(complete('reberth', 'completion', 'z'), 'zsh');
});

test('quotes in descriptions do not end the strings of zsh and fish', (t) => {
  t.regex(renderCompletion('zsh', COMMANDS), /'plan:say what a move would do\\: it'\\''s safe'/);
  t.regex(renderCompletion('fish', COMMANDS), /-l to -d 'it\\'s where'/);
});
