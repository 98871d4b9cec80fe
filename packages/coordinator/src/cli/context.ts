/**
 * What a command gets: where to write, whether people or programs read it, how to reach the coordinator. Built once in main.ts; commands
 * never touch process themselves, so tests run them with a context of their own.
 */
import type { Initialised, InitialiseOptions } from '../authority/initialise.ts';
import type { CoordinatorApi } from './client.ts';

export interface Output {
  write(text: string): void;
  readonly isTerminal: boolean;
  /** Whether colours may be used: a terminal, and NO_COLOR is not set. */
  readonly colour: boolean;
  readonly columns: number;
}

/** A picture that is drawn over itself until it is done. Only used where `out` is a terminal. */
export interface Picture {
  draw(text: string): void;
  done(): void;
}

export interface CliContext {
  readonly out: Output;
  readonly err: Output;
  readonly picture: Picture;
  /** Connects on first use, and once. Throws ReberthError('coordinator-unreachable') with the address. */
  api(): Promise<CoordinatorApi>;
  /** Asks a yes/no question; undefined when nobody is there to answer. */
  confirm(question: string): Promise<boolean | undefined>;
  /** Runs `onSignal` at every ctrl-C instead of ending, until the returned function is called. */
  onInterrupt(onSignal: () => void): () => void;
  nowMs(): number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  readonly places: Places;
  /** What `reberth init` does; tests look at what was asked. */
  initialise(options: InitialiseOptions): Promise<Initialised>;
}

export interface Places {
  /** Where `plan` leaves its plan and `apply` finds it. */
  readonly planFile: string;
  /** /etc/reberth */
  readonly system: string;
  /** ~/.config/reberth */
  readonly operator: string;
}

export const line = (output: Output, text = ''): void => output.write(`${text}\n`);

/** What other tools rely on. */
export const EXIT = { done: 0, failed: 1, usage: 2, refused: 3, held: 4, unreachable: 5 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
