/**
 * The runner of a host whose journal cannot be trusted: looks and answers, and refuses every change with the reason. Nothing is taken back
 * either, because nobody knows what was done.
 */
import { dryRun } from './dry-run.ts';
import { type Runner, refusal } from './runner.ts';
import type { Work } from './work.ts';

export function createRefusingRunner(work: Pick<Work, 'self' | 'host' | 'actionFor' | 'log'>, why: string): Runner {
  return {
    async perform(ask) {
      const { rollout, step, operation } = ask;
      work.log.error({ rollout, step, operation, why }, 'refused');
      return refusal(work, ask, why);
    },
    recover: async () => undefined,
    takeBackOverdue: async () => [],
    dryRun: (request) => dryRun(work.host, work.actionFor, request),
    openSteps: () => [],
    entries: () => [],
    isKnown: () => false,
    undoable: () => [],
    undoEverything: () => Promise.reject(new Error(why)),
    close: async () => undefined,
  };
}
