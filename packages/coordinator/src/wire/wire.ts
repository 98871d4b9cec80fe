/**
 * The coordinator's end of the wire: asks and questions out, reports and heartbeats in. It promises that a resolved `ask` is stored by the
 * broker, and that what it hands to a handler came from the host that it names. It does not promise that a report ever comes: whoever wants
 * an answer asks again.
 */
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import type { Heartbeat, Query, QueryAnswer } from '@reberth/protocol/query.ts';

export interface QueryOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

export interface Wire {
  /** Signs and publishes; replaces an earlier ask to this host. Resolves when stored, rejects with `broker-failed` when not. */
  ask(ask: Ask): Promise<void>;
  /** A host that does not answer is an answer: `{ok: false, why}`. Never rejects. */
  query(host: HostId, query: Query, options: QueryOptions): Promise<QueryAnswer>;
  onReport(handler: (report: Report) => void): void;
  onHeartbeat(handler: (heartbeat: Heartbeat, heardAtMs: number) => void): void;
  status(): { readonly connected: boolean; readonly server: string };
  close(): Promise<void>;
}
