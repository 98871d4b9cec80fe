/** Takes a rollout back, also one that is done: every file, mode, owner and unit as it was before. */
import { turnBack } from './turn-back.ts';

export const undo = turnBack({
  name: 'undo',
  summary: 'take a rollout back, also a finished one',
  question: 'Put every host back as it was before?',
});
