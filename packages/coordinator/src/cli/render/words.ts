/** Durations, marks and colours as people read them. Pure; colour only where a terminal shows it. */
import { styleText } from 'node:util';
import type { Mark } from './progress.ts';

export type Paint = (style: Parameters<typeof styleText>[0], text: string) => string;
export const painter =
  (colour: boolean): Paint =>
  (style, text) =>
    colour ? styleText(style, text, { validateStream: false }) : text;

export const SIGNS: Readonly<Record<Mark, string>> = { pending: '·', doing: '→', done: '✔', failed: '✘', undone: '↩', waiting: '…', skipped: '–' };
const COLOURS: Readonly<Record<Mark, Parameters<typeof styleText>[0]>> = {
  pending: 'dim',
  doing: 'cyan',
  done: 'green',
  failed: 'red',
  undone: 'yellow',
  waiting: 'yellow',
  skipped: 'dim',
};

export const sign = (mark: Mark, paint: Paint): string => paint(COLOURS[mark], SIGNS[mark]);

/** `850 ms`, `4.2 s`, `3 min 05 s` */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${String(Math.round((ms % 60_000) / 1_000)).padStart(2, '0')} s`;
}

export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

/** `held` and `held after stage one` is said once. */
export const outcomeText = (outcome: string, why: string): string => (why === '' ? outcome : why.startsWith(outcome) ? why : `${outcome}: ${why}`);

/** Digests as far as people compare them. */
export const shortDigests = (text: string): string => text.replaceAll(/\b([0-9a-f]{12})[0-9a-f]{52}\b/g, '$1');
