/**
 * What every format here hands back: a value, or all that is wrong with the text and on which line. Line 0 means the file as a whole.
 * Formats are pure: text in, text out. Nothing in them knows where the text came from.
 */

export interface Problem {
  readonly line: number;
  readonly message: string;
}

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Problem[] };

export const parsed = <T>(value: T): Parsed<T> => ({ ok: true, value });

export const wrong = (...problems: readonly Problem[]): { readonly ok: false; readonly problems: readonly Problem[] } => ({ ok: false, problems });

export const problem = (line: number, message: string): Problem => ({ line, message });

/** `FILE:LINE: what is wrong`, as refusals say it. */
export const problemText = (file: string, { line, message }: Problem): string => (line > 0 ? `${file}:${line}: ${message}` : `${file}: ${message}`);
