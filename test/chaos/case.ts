/**
 * The shape of a case: one fault, struck at one moment of a move, and what an honest end of it is. A case says what it does and when it is
 * over; what must hold afterwards is the same for all of them (`under-fire.ts`).
 */
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import type { Lab } from '../../lab/src/index.ts';
import type { Cluster } from '../support/lab/cluster.ts';

export interface Site {
  readonly lab: Lab;
  readonly cluster: Cluster;
}

/** The first ask of the host in the stage going forward, or the one of the named step; without a host, the start of the stage. */
export interface Moment {
  readonly stage: string;
  readonly host?: string;
  readonly step?: string;
}

export interface Strike {
  readonly moment: Moment;
  /** Comes back when the fault is over, or when it stays until `mend`. */
  strike(site: Site): Promise<void>;
}

export interface ChaosCase extends Strike {
  readonly name: string;
  /** What is done, in words for the table. */
  readonly fault: string;
  /** Struck later in the same move. */
  readonly more?: readonly Strike[];
  /** Before the plan is made. */
  prepare?(site: Site): Promise<void>;
  /** Once the rollout is at rest, before the way out that it names is taken. */
  mend?(site: Site): Promise<void>;
  /** Always, at the very end: nothing of the fault is left. */
  clear?(site: Site): Promise<void>;
  /** How the rollout may come to rest; after the way out that it names it is `done` or `rolled-back`. */
  readonly rests: readonly ('done' | 'rolled-back' | 'held' | 'paused')[];
  /** Hosts whose pods start again, because they lost power. */
  readonly lostPower?: readonly string[];
  /** Why requests may fail: the fault itself takes the address or the API away. Absent: none may. */
  readonly takesAway?: string;
  /** What else must be true of the events. */
  judge?(events: readonly RolloutEvent[]): readonly string[];
}

export const isMoment = ({ stage, host, step = '' }: Moment, { body }: RolloutEvent): boolean =>
  host === undefined
    ? body.type === 'stage-started' && body.direction === 'forward' && body.stage === stage
    : body.type === 'asked' && body.operation === 'do' && body.step.startsWith(`${stage}/${host}/${step}`);
