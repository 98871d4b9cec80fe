/** What every process of a trial is told, and what it shows of itself. Plain JSON, because processes hand it to each other. */
import type { HostId } from '@reberth/protocol/ids.ts';

export type Phase = 'forward' | 'undo';
export type Who = 'coordinator' | HostId;

export interface TrialOptions {
  /** Hosts and decisions of this trial. */
  readonly folder: string;
  /** Credentials, as `reberth init` makes them. */
  readonly etc: string;
  /** The broker, `address:port`. */
  readonly server: string;
  readonly planFile: string;
  readonly phase: Phase;
}

export interface VictimOptions extends TrialOptions {
  readonly who: Who;
  /** The point to die at; none: the points that were met are listed at the end. */
  readonly crashAt?: string;
  readonly listFile: string;
}

export interface Running {
  /** Points met before it took up its work again. */
  readonly recovered: number;
  /** When it has nothing more to do by itself. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

export interface Log {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}
