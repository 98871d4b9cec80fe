/** The emergency brake: stop, then take back what was done. Wins from every state and asks nothing. */
import { turnBack } from './turn-back.ts';

export const abort = turnBack({ name: 'abort', summary: 'stop, and take back what was done' });
