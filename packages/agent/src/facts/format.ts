/** Joins a file and a format into a fact: the value when the text is understood, else every problem with its file and line. */
import type { Parsed } from '../formats/parsed.ts';
import { type FactContext, type Found, found, problemAt, readText } from './fact.ts';

/** `undefined` where there is no such file, or it is not understood. */
export async function readAs<T>({ host }: Pick<FactContext, 'host'>, path: string, read: (text: string) => Parsed<T>): Promise<Found<T | undefined>> {
  const text = await readText(host, path);
  if (text.value === undefined) return found(undefined, text.problems);
  const result = read(text.value);
  if (result.ok) return found(result.value);
  return found(
    undefined,
    result.problems.map(({ line, message }) => problemAt(path, line, message)),
  );
}
