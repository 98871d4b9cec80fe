/**
 * Reads keepalived.conf into statements and blocks that know their place in the text. Knows nothing of what the keywords mean.
 * A comment starts with `!` or `#` outside quotes and runs to the end of its line, as keepalived reads it.
 */
import { type Parsed, parsed, problem, wrong } from './parsed.ts';

export interface Word {
  /** Without quotes. */
  readonly text: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
}

export interface Statement {
  readonly words: readonly Word[];
  readonly line: number;
  readonly start: number;
  /** End of the last word, or just after the closing brace. */
  readonly end: number;
  /** `undefined` for a statement without braces. */
  readonly block: { readonly statements: readonly Statement[]; readonly open: number; readonly close: number } | undefined;
}

type Token = { readonly is: 'word'; readonly word: Word } | { readonly is: '{' | '}' | 'newline'; readonly line: number; readonly start: number };

interface OpenBlock {
  readonly words: readonly Word[];
  readonly line: number;
  readonly start: number;
  readonly open: number;
  readonly statements: Statement[];
}

/** What may only stand outside every block: met inside one, the block around it was never closed. */
const SECTIONS = new Set([
  'global_defs',
  'vrrp_instance',
  'vrrp_script',
  'vrrp_sync_group',
  'vrrp_track_process',
  'vrrp_track_file',
  'virtual_server',
  'virtual_server_group',
  'static_ipaddress',
  'static_routes',
]);

export function parseKeepalived(text: string): Parsed<readonly Statement[]> {
  const top: Statement[] = [];
  const open: OpenBlock[] = [];
  let words: Word[] = [];
  const here = (): Statement[] => open.at(-1)?.statements ?? top;
  const endStatement = (): void => {
    const [first] = words;
    const last = words.at(-1);
    if (first !== undefined && last !== undefined) here().push({ words, line: first.line, start: first.start, end: last.end, block: undefined });
    words = [];
  };

  for (const token of tokens(text)) {
    const around = open.at(-1);
    if (token.is === 'word') {
      if (words.length === 0 && around !== undefined && SECTIONS.has(token.word.text)) return unclosed(around);
      words.push(token.word);
    } else if (token.is === 'newline') {
      endStatement();
    } else if (token.is === '{') {
      // The brace may stand on a line of its own.
      const before = words.length === 0 ? here().at(-1) : undefined;
      if (before !== undefined && before.block === undefined) {
        here().pop();
        words = [...before.words];
      }
      open.push({ words, line: words[0]?.line ?? token.line, start: words[0]?.start ?? token.start, open: token.start, statements: [] });
      words = [];
    } else {
      endStatement();
      const closed = open.pop();
      if (closed === undefined) return wrong(problem(token.line, 'this closing brace closes nothing'));
      here().push({
        words: closed.words,
        line: closed.line,
        start: closed.start,
        end: token.start + 1,
        block: { statements: closed.statements, open: closed.open, close: token.start },
      });
    }
  }
  endStatement();
  const left = open.at(-1);
  return left === undefined ? parsed(top) : unclosed(left);
}

const unclosed = ({ words, line }: OpenBlock) =>
  wrong(problem(line, `the brace opened here${words.length > 0 ? ` by ${words.map((word) => word.text).join(' ')}` : ''} is never closed`));

function* tokens(text: string): Generator<Token> {
  const pattern = /(?<newline>\r?\n)|(?<comment>[!#][^\n]*)|(?<brace>[{}])|(?<word>(?:"[^"\n]*"|'[^'\n]*'|[^\s{}!#"']|["'])+)/g;
  let line = 1;
  for (const match of text.matchAll(pattern)) {
    const { newline, brace, word } = match.groups ?? {};
    const start = match.index;
    if (newline !== undefined) {
      yield { is: 'newline', line, start };
      line += 1;
    } else if (brace === '{' || brace === '}') yield { is: brace, line, start };
    else if (word !== undefined)
      yield { is: 'word', word: { text: word.replaceAll(/^(["'])(.*)\1$/g, '$2'), line, start, end: start + word.length } };
  }
}
