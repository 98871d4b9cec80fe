/**
 * Looks through one gate again and again until it has passed or is given up, and proposes what is new about it. Ends with the signal; what it
 * was about to propose then is void, because nobody wants this gate any more.
 */
import type { EventBody } from '@reberth/protocol/event.ts';
import type { Sampled } from '../gates/gate.ts';
import type { GateOfPlan } from '../rollout/course.ts';
import type { RolloutState } from '../rollout/state.ts';
import { emptyWindow, weigh } from './gate-window.ts';
import type { ExecutorPorts } from './ports.ts';

/** First sample and this many of the last: enough for every judge, bounded for a gate that waits for hours. */
const HISTORY_MAX = 120;
/** A reason that changes with every sample is written down this often at most. */
const SAME_VERDICT_MS = 5_000;
/** A day of waiting, some 6 MB. From then on a reason that changes is not written down any more: what is decided always is. */
const COMMENTED_EVENTS_MAX = 20_000;

export interface GateWatch {
  readonly ports: Pick<ExecutorPorts, 'clock' | 'gates'>;
  state(): RolloutState;
  propose(body: () => EventBody | undefined): Promise<unknown>;
}

export async function watchGate({ key, use }: GateOfPlan, { ports, state, propose }: GateWatch, signal: AbortSignal): Promise<void> {
  const { clock, gates } = ports;
  const openedAtMs = state().gates[key]?.openedAtMs ?? clock.nowMs();
  const history: Sampled<unknown>[] = [];
  let window = emptyWindow;
  let saidAtMs = 0;
  while (!signal.aborted) {
    const startedAtMs = clock.nowMs();
    const sample = await gates.probe(use.gate, use.params, state(), signal);
    if (signal.aborted) return;
    const nowMs = clock.nowMs();
    history.push({ atMs: nowMs, sample });
    if (history.length > HISTORY_MAX) history.splice(1, 1);
    const weighed = weigh(window, gates.judge(use.gate, use.params, history, nowMs), use, openedAtMs, nowMs);
    window = weighed.window;
    const { verdict, gaveUp } = weighed;
    const known = state().gates[key]?.verdict;
    const why = 'why' in verdict ? verdict.why : '';
    if (gaveUp) return void (await propose(() => (signal.aborted ? undefined : { type: 'gate-gave-up', gate: key, why })));
    const isWorded = why !== (known !== undefined && 'why' in known ? known.why : '') && nowMs - saidAtMs >= SAME_VERDICT_MS;
    if (known?.is !== verdict.is || (isWorded && state().seq < COMMENTED_EVENTS_MAX)) {
      saidAtMs = nowMs;
      await propose(() => (signal.aborted ? undefined : { type: 'gate-judged', gate: key, verdict }));
      if (verdict.is === 'pass' || verdict.is === 'skip') return;
    }
    await clock.sleep(Math.max(0, startedAtMs + use.everyMs - clock.nowMs()), signal);
  }
}
