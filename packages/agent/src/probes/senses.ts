/**
 * What probes need of the network and the kernel beyond the host port: kernel tables, the neighbour table, VRRP adverts, the state of
 * the clock. Two implementations: `host/linux/senses.ts` and small fakes in tests. Nothing here changes configuration; a knock is one datagram.
 */

/** One row of the kernel's neighbour table. `state` as iproute2 says it: REACHABLE, STALE, DELAY, PROBE, INCOMPLETE, FAILED, PERMANENT … */
export interface Neighbour {
  readonly address: string;
  readonly mac: string | undefined;
  readonly state: string;
}

export interface Senses {
  /** Text of a kernel table such as `/proc/net/tcp`; empty when the kernel has none. */
  kernelTable(path: '/proc/net/tcp' | '/proc/net/tcp6'): Promise<string>;
  /** Socket inode → name of the service or program that holds it. Sockets that nobody holds any more are left out. */
  holdersOf(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, string>>;
  /** Sends one UDP datagram, so that the kernel must find out who has the address. */
  knock(address: string): Promise<void>;
  neighbour(address: string): Promise<Neighbour | undefined>;
  /** Lines of JSON, one per VRRP advert heard on the interface within the time. */
  vrrpAdverts(networkInterface: string, forMs: number): Promise<readonly string[]>;
  /** Whether the kernel's clock is disciplined by a time source; undefined where nobody can say. */
  clockSynchronised(): Promise<boolean | undefined>;
}
