/**
 * Reads JSON into values that know their place in the text, so that one of them can be replaced and the rest kept byte for byte.
 * As strict as JSON.parse; errors name the line.
 */
import { type Parsed, parsed, problem, wrong } from './parsed.ts';
import { lineAt } from './text.ts';

export type JsonPlace = { readonly start: number; readonly end: number } & (
  | { readonly is: 'object'; readonly members: readonly { readonly key: string; readonly start: number; readonly value: JsonPlace }[] }
  | { readonly is: 'array'; readonly items: readonly JsonPlace[] }
  | { readonly is: 'scalar'; readonly value: string | number | boolean | null }
);

class NotJson extends Error {
  readonly offset: number;
  constructor(offset: number, message: string) {
    super(message);
    this.offset = offset;
  }
}

export function parseJson(text: string): Parsed<JsonPlace> {
  const skip = (at: number): number => at + (/^[ \t\r\n]*/.exec(text.slice(at))?.[0].length ?? 0);
  try {
    const value = readValue(text, skip(text.startsWith('\uFEFF') ? 1 : 0), skip);
    const end = skip(value.end);
    if (end < text.length) throw new NotJson(end, 'something follows the end of the JSON value');
    return parsed(value);
  } catch (error) {
    if (error instanceof NotJson) return wrong(problem(lineAt(text, error.offset), `this is not JSON: ${error.message}`));
    throw error;
  }
}

function readValue(text: string, start: number, skip: (at: number) => number): JsonPlace {
  if (text[start] === '{') return readObject(text, start, skip);
  if (text[start] === '[') return readArray(text, start, skip);
  const [raw] = /^(?:"(?:[^"\\\n]|\\.)*"|[-+.\w]+)/.exec(text.slice(start)) ?? [];
  if (raw === undefined) throw new NotJson(start, start >= text.length ? 'it ends too early' : `${text[start]} is not expected here`);
  try {
    return { is: 'scalar', value: JSON.parse(raw) as string | number | boolean | null, start, end: start + raw.length };
  } catch {
    throw new NotJson(start, 'a value cannot be read');
  }
}

function readObject(text: string, start: number, skip: (at: number) => number): JsonPlace {
  const members: { key: string; start: number; value: JsonPlace }[] = [];
  const end = readList(text, start, '}', skip, (at) => {
    const key = readValue(text, at, skip);
    if (key.is !== 'scalar' || typeof key.value !== 'string') throw new NotJson(at, 'a key is expected here');
    const colon = skip(key.end);
    if (text[colon] !== ':') throw new NotJson(colon, `a colon is expected after ${key.value}`);
    const value = readValue(text, skip(colon + 1), skip);
    members.push({ key: key.value, start: at, value });
    return value.end;
  });
  return { is: 'object', members, start, end };
}

function readArray(text: string, start: number, skip: (at: number) => number): JsonPlace {
  const items: JsonPlace[] = [];
  const end = readList(text, start, ']', skip, (at) => {
    const item = readValue(text, at, skip);
    items.push(item);
    return item.end;
  });
  return { is: 'array', items, start, end };
}

/** Reads from the opening to the closing sign and hands back where that ends. */
function readList(text: string, start: number, close: string, skip: (at: number) => number, readItem: (at: number) => number): number {
  let at = skip(start + 1);
  if (text[at] === close) return at + 1;
  for (;;) {
    at = skip(readItem(at));
    if (text[at] === close) return at + 1;
    if (text[at] !== ',') throw new NotJson(at, `a comma or ${close} is expected here`);
    at = skip(at + 1);
  }
}
