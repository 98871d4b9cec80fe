/**
 * How the observer reaches an endpoint. Two implementations: `host/linux/dialer.ts` and the fake of the tests. An endpoint that does not
 * answer is an answer; nothing here throws.
 */

export interface Target {
  readonly address: string;
  readonly port: number;
  readonly caFile: string;
}

export type Dialed = { readonly ok: true } | { readonly ok: false; readonly why: string };

export interface Held {
  /**
   * One request over the held connection, which is opened when there is none. `broken`: a connection that had answered before is gone or
   * answers no more; the next request opens another. `unopened`: there was none to break, and none could be opened.
   */
  request(timeoutMs: number): Promise<{ readonly is: 'answered' } | { readonly is: 'broken' | 'unopened'; readonly why: string }>;
  close(): void;
}

export interface Dialer {
  /** A new TLS connection, verified as the address, one GET of /readyz, closed again. Any HTTP status below 500 is ok. */
  dial(target: Target, timeoutMs: number): Promise<Dialed>;
  hold(target: Target): Held;
}
