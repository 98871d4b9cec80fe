/**
 * What an operator may ask of a rollout in each state: the event it becomes, or why not. Abort and undo are possible wherever anything
 * can still be taken back. Pure.
 */
import type { EventBody } from '@reberth/protocol/event.ts';
import type { RolloutState } from './state.ts';

export type OperatorCommand = 'pause' | 'resume' | 'abort' | 'undo' | 'approve';

export type Accepted = { readonly ok: true; readonly body: EventBody | undefined } | { readonly ok: false; readonly why: string };

export function operatorEvent(state: RolloutState, command: OperatorCommand, by: string): Accepted {
  const is = state.standing === 'ended' ? `has ended (${state.outcome})` : `is ${state.standing}`;
  const refuse = (why: string): Accepted => ({ ok: false, why: `cannot ${command} ${state.rollout}: it ${is}${why === '' ? '' : `; ${why}`}` });
  const accept = (body: EventBody): Accepted => ({ ok: true, body });
  const goingBack = state.turnWanted !== undefined || (state.direction === 'back' && state.scope === 'all');
  switch (command) {
    case 'pause':
      if (state.standing === 'paused') return { ok: true, body: undefined };
      return state.standing === 'running' ? accept({ type: 'paused', by }) : refuse('only a running rollout can be paused');
    case 'resume':
      if (state.standing === 'running') return { ok: true, body: undefined };
      return state.standing === 'ended' ? refuse('nothing is left to go on with') : accept({ type: 'resumed', by });
    case 'approve':
      return state.standing === 'held' ? accept({ type: 'approved', by }) : refuse('only a held rollout waits for approval');
    case 'abort':
      if (state.standing === 'ended') return refuse('to take back what it did, use undo');
      return goingBack && state.standing === 'running' ? { ok: true, body: undefined } : accept({ type: 'abort-asked', by });
    case 'undo':
      if (state.standing === 'ended' && state.outcome === 'rolled-back') return refuse('everything was taken back already');
      return goingBack && state.standing === 'running' ? { ok: true, body: undefined } : accept({ type: 'undo-asked', by });
    default:
      return command satisfies never;
  }
}
