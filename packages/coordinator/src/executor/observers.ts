/**
 * Everyone who measures availability during a rollout: the coordinator itself and every agent. They are told again and again, because an
 * agent that was restarted has forgotten, and they stop by themselves when nobody tells them any more.
 */
import type { HostId } from '@reberth/protocol/ids.ts';
import type { Endpoint, Plan } from '@reberth/protocol/plan.ts';
import type { Heartbeat, Observation, Query, QueryAnswer } from '@reberth/protocol/query.ts';
import type { Clock, Observers } from './ports.ts';

/** Fine enough to see an election, coarse enough to cost an API server nothing. */
export const INTERVAL_MS = 200;
const TELL_EVERY_MS = 10_000;
/** Three tellings may be lost. */
const VALID_MS = 40_000;
const TELL_TIMEOUT_MS = 3_000;

export interface ObserverPorts {
  query(host: HostId, query: Query, options: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<QueryAnswer>;
  heartbeat(host: HostId): { readonly heartbeat: Heartbeat } | undefined;
  /** The coordinator's own measuring. */
  readonly own: { start(endpoints: readonly Endpoint[]): void; observations(): readonly Observation[] };
  /** The cluster's CA on every host, by which endpoints are verified. */
  readonly caFile: string;
  readonly clock: Clock;
}

export function createObservers(ports: ObserverPorts): Observers & { stop(): void } {
  let hosts: readonly HostId[] = [];
  let telling = new AbortController();

  const tell = (endpoints: readonly Endpoint[], signal: AbortSignal): void => {
    const targets = endpoints.map(({ address, port }) => ({ address, port, caFile: ports.caFile }));
    const query: Query = { kind: 'observe', endpoints: targets, intervalMs: INTERVAL_MS, untilMs: ports.clock.nowMs() + VALID_MS };
    // An agent that does not hear is told again; what it did not see is missing from the report, not wrong in it.
    for (const host of hosts) ports.query(host, query, { timeoutMs: TELL_TIMEOUT_MS, signal }).catch(() => undefined);
  };

  async function keepTelling(endpoints: readonly Endpoint[], signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      tell(endpoints, signal);
      if (endpoints.length === 0) return;
      await ports.clock.sleep(TELL_EVERY_MS, signal);
    }
  }

  return {
    watch(endpoints, plan: Plan) {
      telling.abort();
      telling = new AbortController();
      hosts = plan.hosts.map(({ id }) => id);
      ports.own.start(endpoints);
      void keepTelling(endpoints, telling.signal);
    },
    readings() {
      const agents = hosts.map((host) => ({ observer: String(host), observations: ports.heartbeat(host)?.heartbeat.observations ?? [] }));
      return [{ observer: 'coordinator', observations: ports.own.observations() }, ...agents].filter(({ observations }) => observations.length > 0);
    },
    stop() {
      telling.abort();
      ports.own.start([]);
    },
  };
}
