/**
 * The one way in which this host is changed: every ask goes through here, one at a time, in the order of arrival. Around every action the
 * same dance: journal first, change second, look, journal. A repeated ask is answered from the journal.
 */
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { digestOf, rolloutId, stepId } from '@reberth/protocol/ids.ts';
import type { DryRunAnswer, DryRunRequest } from '@reberth/protocol/query.ts';
import type { Deadline } from '../deadline/deadlines.ts';
import { type Entry, isArmed, isOpen, keyOf } from '../journal/ledger.ts';
import { confirmStep } from './confirm-step.ts';
import { doStep } from './do-step.ts';
import { dryRun } from './dry-run.ts';
import { letGo, takeBackOverdue } from './overdue.ts';
import { recoverAll } from './recover.ts';
import { repeatOf } from './repeats.ts';
import { undoStep } from './undo-step.ts';
import type { Work } from './work.ts';

export interface JournalEntryView {
  readonly rollout: string;
  readonly step: string;
  readonly kind: string;
  readonly title: string;
  readonly standing: 'open' | 'done' | 'undone' | 'failed';
  readonly atMs: number;
  /** While it waits for its confirmation. */
  readonly deadline?: Deadline;
}

export interface Runner {
  /** Rejects only when the journal takes no write any more: what became of the step is then for the next start to find out. */
  perform(ask: Ask): Promise<Report>;
  /** At start: every open entry is driven to an end, and what was not confirmed in time is taken back. */
  recover(): Promise<void>;
  /** Takes back what was not confirmed in time; the reports of what was due. Rejects as `perform` does. */
  takeBackOverdue(): Promise<readonly Report[]>;
  dryRun(request: DryRunRequest): Promise<DryRunAnswer>;
  /** Begun and not ended, or not confirmed yet. */
  openSteps(): readonly string[];
  entries(): readonly JournalEntryView[];
  /** Whether the journal answers this ask, so that performing it begins nothing. */
  isKnown(ask: Ask): boolean;
  /** What `undoEverything` would take back, in its order. */
  undoable(rollout?: string): readonly JournalEntryView[];
  /** Newest first, of one rollout (the latest that left something here, when none is named). Stops at the first that cannot be taken back. */
  undoEverything(rollout?: string): Promise<readonly Report[]>;
  /** Resolves when nothing is in hand. Asks that come afterwards reject: unanswered, they are asked again after the next start. */
  close(): Promise<void>;
}

export function createRunner(work: Work): Runner {
  let last: Promise<unknown> = Promise.resolve();
  let closed = false;
  const inTurn = <T>(deed: () => Promise<T>): Promise<T> => {
    const turn = last.then(deed);
    last = turn.catch(() => undefined);
    return turn;
  };
  const entries = (): readonly Entry[] => [...work.journal.ledger().values()];

  return {
    perform(ask) {
      return inTurn(async () => {
        if (closed) throw new Error('cannot take this ask: the agent is stopping');
        return performed(work, ask);
      });
    },
    recover: () => inTurn(() => recoverAll(work)),
    takeBackOverdue: async () => (entries().some(isArmed) ? inTurn(async () => (closed ? [] : takeBackOverdue(work))) : []),
    dryRun: (request) => dryRun(work.host, work.actionFor, request),
    openSteps: () =>
      entries()
        .filter((entry) => isOpen(entry) || isArmed(entry))
        .map(({ step }) => step),
    entries: () => entries().map(viewOf),
    isKnown(ask) {
      const entry = work.journal.ledger().get(keyOf(ask.rollout, ask.step));
      if (entry === undefined) return false;
      if (ask.operation === 'confirm') return entry.confirmReport !== undefined || ask.attempt < entry.doAttempt;
      return ['answered', 'refused'].includes(repeatOf(entry, ask).is);
    },
    undoable: (rollout) => undoable(work, rollout).map(viewOf),
    undoEverything: (rollout) => inTurn(() => undoAll(work, rollout)),
    async close() {
      closed = true;
      await last;
    },
  };
}

const DEEDS = { do: doStep, undo: undoStep, confirm: confirmStep } as const;

async function performed(work: Work, ask: Ask): Promise<Report> {
  const { rollout, step, operation, attempt } = ask;
  work.log.info({ rollout, step, operation, attempt, kind: ask.kind }, 'asked');
  const forgotten = work.journal.forgot(rollout);
  const report = forgotten ? refusal(work, ask, 'this rollout is long over: this host has forgotten its steps') : await DEEDS[operation](work, ask);
  await letGo(work, ask);
  const fields = { rollout, step, operation, attempt, outcome: report.outcome, left: report.left, why: report.why };
  if (report.outcome === 'refused' || report.outcome === 'failed') work.log.warn(fields, 'answered');
  else work.log.info(fields, 'answered');
  return report;
}

async function undoAll(work: Work, rollout: string | undefined): Promise<readonly Report[]> {
  const reports: Report[] = [];
  for (const entry of undoable(work, rollout)) {
    const report = await performed(work, localUndo(work, entry));
    reports.push(report);
    if (report.outcome !== 'undone') break;
  }
  return reports;
}

function undoable(work: Work, wanted: string | undefined): readonly Entry[] {
  const left = [...work.journal.ledger().values()].filter(leftSomething);
  const rollout = wanted ?? left.at(-1)?.rollout;
  return left.filter((entry) => entry.rollout === rollout).toReversed();
}

const leftSomething = ({ standing, change }: Entry): boolean => change !== undefined && standing !== 'undone';

/** An ask that this host makes of itself. */
const localUndo = (work: Work, { rollout, step, kind, version, params, planDigest, doAttempt, undoAttempt }: Entry): Ask => ({
  ...{
    rollout: rolloutId(rollout),
    step: stepId(step),
    operation: 'undo',
    // No earlier than what it takes back.
    attempt: Math.max(doAttempt, undoAttempt + 1),
    planDigest: digestOf(planDigest),
    host: work.self,
  },
  ...{ epoch: 0, counter: 0, expiresAtMs: Number.MAX_SAFE_INTEGER, kind, version, params, expect: [], confirmWithinMs: 0, inputs: {} },
});

const VIEWS = {
  doing: 'open',
  undoing: 'open',
  done: 'done',
  noop: 'done',
  failed: 'failed',
  'undo-failed': 'failed',
  undone: 'undone',
} as const satisfies Record<Entry['standing'], JournalEntryView['standing']>;

export const viewOf = (entry: Entry): JournalEntryView => {
  const { rollout, step, kind, title, standing, atMs, deadline } = entry;
  return { rollout, step, kind, title, standing: VIEWS[standing], atMs, ...(deadline !== undefined && isArmed(entry) ? { deadline } : {}) };
};

export function refusal({ self, host }: Pick<Work, 'self' | 'host'>, { rollout, step, operation, attempt }: Ask, why: string): Report {
  const nowMs = host.nowMs();
  return {
    rollout,
    step,
    operation,
    attempt,
    host: self,
    outcome: 'refused',
    left: operation === 'do' ? 'before' : 'between',
    why,
    startedAtMs: nowMs,
    endedAtMs: nowMs,
    outputs: {},
  };
}
