/**
 * The journal of decisions: events per rollout, in order. `append` resolves only when the event would survive the loss of power; nothing
 * is acted on before. Two implementations, one suite: file (fsynced) and memory.
 */
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import type { RolloutId } from '@reberth/protocol/ids.ts';

export interface Store {
  /** Oldest first. */
  rollouts(): Promise<readonly RolloutId[]>;
  /** Rejects with `journal-damaged` when what was acknowledged cannot be read back whole. */
  read(rollout: RolloutId): Promise<readonly RolloutEvent[]>;
  /** The event's `seq` must be one more than the last; the first is 1. */
  append(event: RolloutEvent): Promise<void>;
  /** A number that no earlier caller got: who holds the highest commands. Durable before it resolves. */
  takeEpoch(): Promise<number>;
  close(): Promise<void>;
}
