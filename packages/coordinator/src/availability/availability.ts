/**
 * The coordinator's own measure of each endpoint: at every interval a new authenticated connection, and one request over a connection that
 * is held as long as the endpoint is watched. Probes never pile up and the schedule does not drift; an endpoint that stays watched keeps
 * its counts. Measures while it is told to and decides nothing.
 */
import { type Endpoint, endpointText } from '@reberth/protocol/plan.ts';
import type { Observation } from '@reberth/protocol/query.ts';
import { type Happening, newTally, observationOf, type Tally, tallied } from '@reberth/protocol/tally.ts';
import type { Caller } from './caller.ts';

/** Clients of the API give up about then, on a new connection or a held one. What is slow shows in the slowest request, not as a failure. */
const ANSWER_TIMEOUT_MS = 5_000;

export interface AvailabilityParts {
  readonly caller: Caller;
  readonly intervalMs: number;
  readonly clock: {
    nowMs(): number;
    /** Ends early with the signal; never rejects. */
    sleep(ms: number, signal: AbortSignal): Promise<void>;
  };
}

export interface Availability {
  /** From now on these endpoints and no others. */
  start(endpoints: readonly Endpoint[]): void;
  /** The counts stay readable until the next start, which begins anew. */
  stop(): void;
  observations(): readonly Observation[];
}

interface Watched {
  readonly endpoint: Endpoint;
  readonly stop: AbortController;
  tally: Tally;
}

export function createAvailability(parts: AvailabilityParts): Availability {
  let watched = new Map<string, Watched>();
  return {
    start(endpoints) {
      const wanted = new Map(endpoints.map((endpoint) => [endpointText(endpoint), endpoint]));
      for (const [name, { stop }] of watched) if (!wanted.has(name)) stop.abort();
      const running = watched;
      watched = new Map([...wanted].map(([name, endpoint]) => [name, keepOrBegin(running.get(name), endpoint, parts)]));
    },
    stop() {
      for (const { stop } of watched.values()) stop.abort();
    },
    observations: () => [...watched.values()].map(({ endpoint, tally }) => observationOf(endpoint, tally)),
  };
}

function keepOrBegin(running: Watched | undefined, endpoint: Endpoint, parts: AvailabilityParts): Watched {
  if (running !== undefined && !running.stop.signal.aborted) return running;
  const watched: Watched = { endpoint, stop: new AbortController(), tally: newTally };
  void callAgainAndAgain(watched, parts);
  void holdOn(watched, parts);
  return watched;
}

function callAgainAndAgain(watched: Watched, parts: AvailabilityParts): Promise<void> {
  return everyInterval(watched, parts, async () => {
    const startedAtMs = parts.clock.nowMs();
    const called = await parts.caller.call(watched.endpoint, ANSWER_TIMEOUT_MS, watched.stop.signal);
    count(watched, parts, called.ok ? { is: 'answered', tookMs: parts.clock.nowMs() - startedAtMs } : { is: 'failed', why: called.why });
  });
}

async function holdOn(watched: Watched, parts: AvailabilityParts): Promise<void> {
  const held = parts.caller.hold(watched.endpoint);
  watched.stop.signal.addEventListener('abort', () => held.close(), { once: true });
  await everyInterval(watched, parts, async () => {
    const answer = await held.request(ANSWER_TIMEOUT_MS);
    if (answer.is === 'broken') count(watched, parts, { is: 'held-broken', why: answer.why });
  });
}

/** What ends because nobody wants it any more is our own doing and not counted. */
function count(watched: Watched, { clock }: AvailabilityParts, happening: Happening): void {
  if (!watched.stop.signal.aborted) watched.tally = tallied(watched.tally, happening, clock.nowMs());
}

async function everyInterval({ stop }: Watched, { clock, intervalMs }: AvailabilityParts, work: () => Promise<void>): Promise<void> {
  const startMs = clock.nowMs();
  for (let tick = 0; !stop.signal.aborted; ) {
    await work();
    tick = Math.max(tick + 1, Math.ceil((clock.nowMs() - startMs) / intervalMs));
    await clock.sleep(startMs + tick * intervalMs - clock.nowMs(), stop.signal);
  }
}
