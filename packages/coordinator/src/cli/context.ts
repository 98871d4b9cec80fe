/**
 * What a command gets: where to write, whether people or programs read it, how to reach the coordinator. Built once in main.ts; commands
 * never touch process themselves, so tests run them with a context of their own.
 */
import type { CoordinatorApi } from './client.ts';

export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  readonly columns: number;
}

export interface CliContext {
  readonly out: Output;
  readonly err: Output;
  /** Connects on first use. Throws ReberthError('coordinator-unreachable') with the address. */
  api(): Promise<CoordinatorApi>;
  /** Asks a yes/no question; undefined when nobody is there to answer. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Runs `onSignal` at the first ctrl-C instead of ending; a second one ends the program. */
  onInterrupt(onSignal: () => void): () => void;
  nowMs(): number;
}

export const line = (output: Output, text = ''): void => output.write(`${text}\n`);

/** What other tools rely on. */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, held: 4, unreachable: 5 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
