/** One rule broken at a time, each by standing in for one part. What the simulator is worth is how soon it notices. */
import type { Entry as LedgerEntry } from '@reberth/agent/journal/ledger.ts';
import { decide } from '@reberth/coordinator/rollout/decide.ts';
import type { RolloutState } from '@reberth/coordinator/rollout/state.ts';
import { type Seams, unbroken } from './seams.ts';

export interface Mutation {
  readonly title: string;
  /** What must be found broken, among other things perhaps. */
  readonly breaks: RegExp;
  readonly seams: Seams;
}

export const mutations: readonly Mutation[] = [
  {
    title: 'an agent that forgets which epoch it accepted',
    breaks: /^P10/,
    seams: { ...unbroken, marks: (marks) => ({ raise: (mark) => marks.raise(mark), read: () => ({ epoch: 0, counter: 0 }) }) },
  },
  {
    title: 'a runner that does not ask its journal what was done already',
    breaks: /^(P4|P7)/,
    seams: {
      ...unbroken,
      journal: (journal) => ({ ...journal, ledger: () => new Map([...journal.ledger()].map(([key, entry]) => [key, asIfUndone(entry)])) }),
    },
  },
  {
    title: 'an agent that does not end at its start what it had begun',
    breaks: /^(P5|P7|liveness)/,
    seams: { ...unbroken, runner: (runner) => ({ ...runner, recover: async () => undefined }) },
  },
  {
    title: 'a journal that says stored before it is',
    breaks: /^(P4|P5|P7)/,
    seams: { ...unbroken, storage: (storage) => ({ ...storage, append: async (text) => void storage.append(text).catch(() => undefined) }) },
  },
  {
    title: 'a coordinator that takes over without a new epoch',
    breaks: /^P10/,
    seams: { ...unbroken, store: (store) => ({ ...store, takeEpoch: async () => 1 }) },
  },
  {
    title: 'a decider that goes on when it is paused',
    breaks: /^P8/,
    seams: { ...unbroken, decide: (state) => decide(state.standing === 'paused' ? { ...state, standing: 'running' } : state) },
  },
  {
    title: 'a decider that forgets that the operator wants everything back',
    breaks: /^(P8|liveness)/,
    seams: { ...unbroken, decide: (state) => decide({ ...state, turnWanted: undefined }) },
  },
  {
    title: 'a decider that does not look at gates',
    breaks: /^P9/,
    seams: { ...unbroken, decide: (state) => decide({ ...state, gates: allPassed(state) }) },
  },
  {
    title: 'a decider that takes every host of a stage at once',
    breaks: /^P9/,
    seams: { ...unbroken, decide: (state) => decide({ ...state, plan: oneWavePerStage(state.plan) }) },
  },
];

const asIfUndone = (entry: LedgerEntry): LedgerEntry =>
  entry.standing === 'done' || entry.standing === 'noop'
    ? { ...entry, standing: 'undone', doAttempt: 0, undoAttempt: 0, undoReport: undefined }
    : entry;

const passed = { openedAtMs: 0, verdict: { is: 'pass' }, gaveUp: false } as const;

const allPassed = ({ plan }: RolloutState): RolloutState['gates'] =>
  Object.fromEntries(
    plan.stages.flatMap(({ id, waves }) => [
      ...[`${id}/enter/0`, `${id}/exit/0`].map((key) => [key, passed] as const),
      ...waves.flatMap((_, index) => [`${id}/${index}/exit/0`, `${id}/${index}/back/0`].map((key) => [key, passed] as const)),
    ]),
  );

const oneWavePerStage = (plan: RolloutState['plan']): RolloutState['plan'] => ({
  ...plan,
  stages: plan.stages.map((stage) => ({
    ...stage,
    waves: [{ title: 'all', steps: stage.waves.flatMap(({ steps }) => steps), exit: stage.waves[0]?.exit ?? [], back: stage.waves[0]?.back ?? [] }],
  })),
});
