/**
 * Says of a step that could have cut this host off that it stays: whoever asks has seen the new path work. What was taken back meanwhile
 * cannot be confirmed any more. Safe to ask twice.
 */
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import type { Work } from './work.ts';

export async function confirmStep({ self, host, journal }: Work, ask: Ask): Promise<Report> {
  const entry = [...journal.ledger().values()].find(({ rollout, step }) => rollout === ask.rollout && step === ask.step);
  const stays = entry?.standing === 'done' || entry?.standing === 'noop';
  const atMs = host.nowMs();
  const { rollout, step, operation, attempt } = ask;
  const why = stays ? '' : entry === undefined ? 'nothing was done here' : 'it was taken back here before it was confirmed';
  return {
    rollout,
    step,
    operation,
    attempt,
    host: self,
    outcome: stays ? 'confirmed' : 'failed',
    left: stays ? 'after' : 'before',
    why,
    startedAtMs: atMs,
    endedAtMs: atMs,
    outputs: {},
  };
}
