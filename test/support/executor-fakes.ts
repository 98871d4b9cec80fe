/** Ports for the executor without a world behind them: hosts that answer at once, gates that pass, and switches for tests to throw. */
import { setTimeout } from 'node:timers/promises';
import type { ExecutorPorts } from '@reberth/coordinator/executor/ports.ts';
import type { Store } from '@reberth/coordinator/store/store.ts';
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import type { Verdict } from '@reberth/protocol/event.ts';

export interface FakeWorld {
  readonly ports: ExecutorPorts;
  readonly asks: Ask[];
  /** What gates say, by gate name; those not named pass. */
  readonly verdicts: Map<string, Verdict>;
  /** What becomes of an ask; `undefined`: no answer. */
  answer: (ask: Ask) => Partial<Report> | undefined;
  report: (report: Report) => void;
  readonly storageFailures: unknown[];
}

export function fakeWorld(store: Store): FakeWorld {
  const asks: Ask[] = [];
  const verdicts = new Map<string, Verdict>();
  const storageFailures: unknown[] = [];
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const snapshot = { takenAtMs: 0, nodes: [], pods: [] };
  const world: FakeWorld = {
    asks,
    verdicts,
    storageFailures,
    answer: () => ({}),
    report: () => undefined,
    ports: {
      store,
      async send(ask) {
        asks.push(ask);
        const part = world.answer(ask);
        if (part === undefined) return;
        const { rollout, step, operation, attempt, host } = ask;
        const outcome = ({ do: 'done', undo: 'undone', confirm: 'confirmed' } as const)[operation];
        const left = operation === 'undo' ? 'before' : 'after';
        setImmediate(() =>
          world.report({
            rollout,
            step,
            operation,
            attempt,
            host,
            outcome,
            left,
            why: '',
            startedAtMs: 0,
            endedAtMs: 0,
            outputs: { csr: 'request' },
            ...part,
          }),
        );
      },
      gates: { probe: async () => undefined, judge: (gate) => verdicts.get(gate) ?? { is: 'pass' } },
      sign: async () => ({ ok: true, value: 'certificate' }),
      snapshot: async () => ({ ok: true, value: snapshot }),
      observers: { watch: () => undefined, readings: () => [] },
      heardAtMs: () => Date.now(),
      clock: { nowMs: () => Date.now(), sleep: (ms, signal) => setTimeout(ms, undefined, { signal }).catch(() => undefined) },
      log: silent,
      onStorageFailure: (error) => storageFailures.push(error),
    },
  };
  return world;
}
