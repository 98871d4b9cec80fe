/**
 * The card at the end of every command that did not simply succeed: what happened, what state things are in, what to do next. Pure.
 */
import type { ReberthError } from '@reberth/protocol/errors.ts';
import type { StatusAnswer } from '../client.ts';
import { type Paint, shortDigests } from './words.ts';

export function errorCard(error: ReberthError, state: string, paint: Paint): string {
  return [
    paint('red', error.message),
    ...error.reasons.map((reason) => `  * ${reason}`),
    `state: ${shortDigests(state)}`,
    `next:  ${error.hint}`,
    '',
  ].join('\n');
}

export function refusalCard(reasons: readonly string[], paint: Paint): string {
  return [
    paint('red', `refused, for ${reasons.length === 1 ? 'this reason' : `these ${reasons.length} reasons`}:`),
    ...reasons.map((reason) => `  * ${reason}`),
    'state: nothing was changed on any host',
    'next:  settle each reason, then plan again; reberth doctor looks at the same things',
    '',
  ].join('\n');
}

export function statusCard({ rollout, state, text, next }: StatusAnswer, paint: Paint): string {
  const colour = state === 'done' ? 'green' : state === 'running' || state === 'none' ? 'cyan' : 'yellow';
  return [
    `${rollout === '' ? '' : `${rollout}  `}${paint(colour, state)}${text === '' ? '' : `  ${shortDigests(text)}`}`,
    ...(next === '' ? [] : [`next:  ${next}`]),
    '',
  ].join('\n');
}
