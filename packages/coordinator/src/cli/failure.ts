/**
 * From an error to what the operator reads and the exit code that programs read. Says what happened, what state things are in now, and the
 * next command; asks the coordinator for the state when it can still be asked.
 */
import { type ErrorCode, messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import { type CliContext, EXIT, type ExitCode } from './context.ts';
import { errorCard } from './render/card.ts';
import { painter } from './render/words.ts';

const EXITS: Partial<Record<ErrorCode, ExitCode>> = {
  usage: EXIT.usage,
  'config-invalid': EXIT.usage,
  'plan-unknown': EXIT.usage,
  'rollout-unknown': EXIT.usage,
  'not-allowed': EXIT.refused,
  'preflight-refused': EXIT.refused,
  'plan-stale': EXIT.refused,
  'rollout-busy': EXIT.refused,
  'rollout-state': EXIT.refused,
  'coordinator-unreachable': EXIT.unreachable,
};

/** Errors after which the coordinator was not asked, or cannot be. */
const STATES: Partial<Record<ErrorCode, string>> = {
  usage: 'nothing was changed on any host',
  'config-invalid': 'nothing was changed on any host',
  'plan-unknown': 'nothing was changed on any host',
  'not-allowed': 'the coordinator refused to answer; nothing was changed on any host',
  'coordinator-unreachable': 'unknown from here; a rollout under way waits for its coordinator, hosts keep their journals',
};

export async function failed(context: CliContext, error: unknown): Promise<ExitCode> {
  const known = error instanceof ReberthError ? error : new ReberthError('internal', `internal error: ${messageOf(error)}`, { cause: error });
  context.err.write(errorCard(known, STATES[known.code] ?? (await askedState(context)), painter(context.err.colour)));
  return EXITS[known.code] ?? EXIT.failed;
}

async function askedState(context: CliContext): Promise<string> {
  try {
    const { rollout, state, text } = await (await context.api()).status('');
    return state === 'none' ? 'no rollout was ever started' : `${rollout} is ${state}${text === '' ? '' : `: ${text}`}`;
  } catch {
    return 'unknown: the coordinator does not answer';
  }
}
