/**
 * Who leads, as it is stored: one record that is replaced only over the one that its writer saw. It holds no time of day: a lease lives as long
 * as it keeps changing under the eyes of who waits for it, by the waiter's own steady clock.
 */
export interface Lease {
  /** For people: the host that leads. */
  readonly owner: string;
  /** Of one process; a restarted one has another. */
  readonly instance: string;
  /** Given up in order: nobody need wait. */
  readonly released: boolean;
}

export interface LeasePort {
  /** Rejects when it cannot be known. */
  read(): Promise<{ readonly lease: Lease; readonly revision: number } | undefined>;
  /** `revision`: of the lease that is replaced, 0 for none. The new revision, or `undefined` when another write was first. Rejects when it cannot be known. */
  write(lease: Lease, revision: number): Promise<number | undefined>;
}
