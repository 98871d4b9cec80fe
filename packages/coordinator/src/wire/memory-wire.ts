/**
 * The wire within one process, for tests: agents are connected and cut off at will. It keeps the same promises as the one over NATS: one
 * latest ask per host is kept and handed over at every connection, everything passes through the codec, a host that is away does not answer.
 */
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { agentCodec } from '@reberth/protocol/codec/agent-codec.ts';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import type { Heartbeat, Query, QueryAnswer } from '@reberth/protocol/query.ts';
import { handlers, type WireLog } from './handlers.ts';
import type { QueryOptions, Wire } from './wire.ts';

export interface MemoryAgent {
  perform(ask: Ask): Promise<Report>;
  answer(query: Query): Promise<QueryAnswer>;
}

export interface MemoryConnection {
  beat(heartbeat: Heartbeat): void;
  disconnect(): void;
}

export interface MemoryWire extends Wire {
  /** The latest ask, if one is kept, is handed over at once. A second connection of a host replaces the first. */
  connect(host: HostId, agent: MemoryAgent): MemoryConnection;
  /** Every ask that was stored, in order. */
  readonly asked: readonly Ask[];
  /** Takes the broker away: asks are rejected, questions unanswered, reports lost. */
  interrupt(): void;
  /** Brings it back, with what it kept or `wiped`; connected agents get their latest ask again. */
  resume(how?: 'wiped'): void;
}

interface Connected {
  readonly agent: MemoryAgent;
  /** Asks are performed one after another. */
  line: Promise<void>;
}

export function memoryWire(options: { readonly nowMs?: () => number; readonly log?: Pick<WireLog, 'error'> } = {}): MemoryWire {
  const log = options.log ?? { error: () => undefined };
  const nowMs = options.nowMs ?? Date.now;
  const codec = agentCodec();
  const reports = handlers<[Report]>(log);
  const heartbeats = handlers<[Heartbeat, number]>(log);
  const kept = new Map<HostId, Uint8Array>();
  const agents = new Map<HostId, Connected>();
  const asked: Ask[] = [];
  let up = true;

  const handOver = (host: HostId): void => {
    const connected = agents.get(host);
    const bytes = kept.get(host);
    if (connected === undefined || bytes === undefined) return;
    connected.line = connected.line.then(async () => {
      try {
        const report = codec.encodeReport(await connected.agent.perform(codec.decodeAsk(bytes)));
        if (up && agents.get(host) === connected) reports.tell(codec.decodeReport(report));
      } catch (error) {
        log.error({ why: messageOf(error) }, 'the agent failed');
      }
    });
  };
  return {
    async ask(ask) {
      if (!up) throw new ReberthError('broker-failed', `cannot store the ask to ${ask.host} in the broker: not connected`);
      const bytes = codec.encodeAsk(ask);
      kept.set(ask.host, bytes);
      asked.push(codec.decodeAsk(bytes));
      handOver(ask.host);
    },
    async query(host, query, limits) {
      if (!up) return { ok: false, why: 'the coordinator is not connected to the broker' };
      const connected = agents.get(host);
      if (connected === undefined) return { ok: false, why: 'its agent is not connected to the broker' };
      const answer = await withLimits(connected.agent.answer(codec.decodeQuery(codec.encodeQuery(query))), limits);
      return codec.decodeQueryAnswer(codec.encodeQueryAnswer(answer));
    },
    onReport: reports.add,
    onHeartbeat: heartbeats.add,
    status: () => ({ connected: up, server: 'memory' }),
    async close() {
      up = false;
      agents.clear();
    },
    connect(host, agent) {
      const connected: Connected = { agent, line: Promise.resolve() };
      agents.set(host, connected);
      if (up) handOver(host);
      const isHere = () => agents.get(host) === connected;
      return {
        beat: (heartbeat) => {
          if (up && isHere()) heartbeats.tell(codec.decodeHeartbeat(codec.encodeHeartbeat(heartbeat)), nowMs());
        },
        disconnect: () => {
          if (isHere()) agents.delete(host);
        },
      };
    },
    asked,
    interrupt: () => {
      up = false;
    },
    resume(how) {
      up = true;
      if (how === 'wiped') kept.clear();
      for (const host of agents.keys()) handOver(host);
    },
  };
}

function withLimits(answer: Promise<QueryAnswer>, { timeoutMs, signal }: QueryOptions): Promise<QueryAnswer> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle({ ok: false, why: `no answer within ${timeoutMs} ms` }), timeoutMs);
    const abort = () => settle({ ok: false, why: 'given up' });
    const settle = (value: QueryAnswer): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
      resolve(value);
    };
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) return abort();
    answer.then(settle, (error: unknown) => settle({ ok: false, why: messageOf(error) }));
  });
}
