/**
 * Which addresses are promised after each event, told from the stages' own words and from nothing that Reberth computes: the old one until it
 * begins to be withdrawn, the new one from the moment at which it is served until that is taken back.
 */
import type { RolloutEvent } from '@reberth/protocol/event.ts';

export interface Promised {
  readonly old: boolean;
  readonly new: boolean;
}

export const promisedAtFirst: Promised = { old: true, new: false };

export function promisedAfter(before: Promised, { body }: RolloutEvent): Promised {
  if (body.type !== 'stage-started' && body.type !== 'stage-ended') return before;
  const happened = `${body.stage} ${body.type === 'stage-started' ? 'started' : 'ended'} ${body.direction}`;
  switch (happened) {
    case 'widen-vip ended forward':
      return { ...before, new: true };
    case 'narrow-vip started forward':
      return { ...before, old: false };
    case 'narrow-vip ended back':
      return { ...before, old: true };
    case 'widen-vip started back':
      return { ...before, new: false };
    default:
      return before;
  }
}
