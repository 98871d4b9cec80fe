/**
 * How the prober reaches an endpoint. Two implementations: `tls-caller.ts` and the fake of the tests. An endpoint that does not answer is
 * an answer; nothing here throws. Sister of the agent's observe/dialer.ts, which sends no credentials.
 */
import type { Endpoint } from '@reberth/protocol/plan.ts';

export type Called = { readonly ok: true } | { readonly ok: false; readonly why: string };

export interface HeldCall {
  /**
   * One request over the held connection, which is opened when there is none. `broken`: a connection that had answered before is gone or
   * answers no more; the next request opens another. `unopened`: there was none to break, and none could be opened.
   */
  request(timeoutMs: number): Promise<{ readonly is: 'answered' } | { readonly is: 'broken' | 'unopened'; readonly why: string }>;
  close(): void;
}

export interface Caller {
  /** A new TLS connection, one authenticated GET of /readyz, closed again. Only 200 is ok. */
  call(endpoint: Endpoint, timeoutMs: number, signal: AbortSignal): Promise<Called>;
  hold(endpoint: Endpoint): HeldCall;
}
