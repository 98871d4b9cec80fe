/**
 * Watches API endpoints from this host while their addresses change: at every interval a new connection and a request, and one request
 * over a connection that is held for as long as the endpoint is watched. Promises that probes never pile up (a slow one makes the ticks
 * it covers fall out), that the schedule does not drift, and that watching ends by itself. Counts start when an endpoint is first named.
 */
import type { Observation, Query } from '@reberth/protocol/query.ts';
import { type Happening, newTally, observationOf, type Tally, tallied } from '@reberth/protocol/tally.ts';
import type { Dialer, Target } from './dialer.ts';

/** Clients of the API give up about then, on a new connection or a held one. What is slow shows in the slowest request, not as a failure. */
const ANSWER_TIMEOUT_MS = 5_000;
/** A faster schedule would measure the load that it makes. */
const INTERVAL_MS_MIN = 50;

export type Watch = Omit<Extract<Query, { readonly kind: 'observe' }>, 'kind'>;

export interface ObserverClock {
  nowMs(): number;
  /** Ends early with the signal; never rejects. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface Observer {
  /** From now on these endpoints and no others. Answers with the counts up to now, those of endpoints that are dropped included. */
  watch(watch: Watch): readonly Observation[];
  observations(): readonly Observation[];
}

interface Watched {
  readonly target: Target;
  readonly intervalMs: number;
  readonly stop: AbortController;
  untilMs: number;
  tally: Tally;
}

export function createObserver({ dialer, clock }: { readonly dialer: Dialer; readonly clock: ObserverClock }): Observer {
  const watched = new Map<string, Watched>();
  const observations = (): readonly Observation[] => [...watched.values()].map(({ target, tally }) => observationOf(target, tally));

  return {
    observations,
    watch({ endpoints, intervalMs: wantedMs, untilMs }) {
      const before = observations();
      const intervalMs = Math.max(wantedMs, INTERVAL_MS_MIN);
      const wanted = new Map(endpoints.map((target) => [`${target.address} ${target.port} ${target.caFile}`, target]));
      for (const [key, { stop }] of watched) {
        if (wanted.has(key)) continue;
        stop.abort();
        watched.delete(key);
      }
      for (const [key, target] of wanted) {
        const running = watched.get(key);
        if (running?.intervalMs === intervalMs && clock.nowMs() < running.untilMs) {
          running.untilMs = untilMs;
          continue;
        }
        running?.stop.abort();
        const next: Watched = { target, intervalMs, untilMs, stop: new AbortController(), tally: running?.tally ?? newTally };
        watched.set(key, next);
        void dialAgainAndAgain(next, dialer, clock);
        void holdOn(next, dialer, clock);
      }
      return before;
    },
  };
}

function dialAgainAndAgain(watched: Watched, dialer: Dialer, clock: ObserverClock): Promise<void> {
  return everyInterval(watched, clock, async () => {
    const startedAtMs = clock.nowMs();
    const dialed = await dialer.dial(watched.target, ANSWER_TIMEOUT_MS);
    count(watched, clock, dialed.ok ? { is: 'answered', tookMs: clock.nowMs() - startedAtMs } : { is: 'failed', why: dialed.why });
  });
}

async function holdOn(watched: Watched, dialer: Dialer, clock: ObserverClock): Promise<void> {
  const held = dialer.hold(watched.target);
  // A request under way ends at once when nobody wants it any more.
  watched.stop.signal.addEventListener('abort', () => held.close(), { once: true });
  await everyInterval(watched, clock, async () => {
    const answer = await held.request(ANSWER_TIMEOUT_MS);
    if (answer.is === 'broken') count(watched, clock, { is: 'held-broken', why: answer.why });
  });
  held.close();
}

/** What ends after the endpoint was dropped is our own doing and not counted. */
function count(watched: Watched, clock: ObserverClock, happening: Happening): void {
  if (!watched.stop.signal.aborted) watched.tally = tallied(watched.tally, happening, clock.nowMs());
}

async function everyInterval(watched: Watched, clock: ObserverClock, work: () => Promise<void>): Promise<void> {
  const { intervalMs, stop } = watched;
  const startMs = clock.nowMs();
  for (let tick = 0; !stop.signal.aborted && clock.nowMs() < watched.untilMs; ) {
    await work();
    tick = Math.max(tick + 1, Math.ceil((clock.nowMs() - startMs) / intervalMs));
    await clock.sleep(startMs + tick * intervalMs - clock.nowMs(), stop.signal);
  }
}
