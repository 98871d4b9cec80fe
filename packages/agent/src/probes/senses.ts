/**
 * What probes need of the network and the kernel beyond the host port: kernel tables, routes, who answers by ARP, VRRP adverts, the state of
 * the clock. Two implementations: `host/linux/senses.ts` and small fakes in tests. Nothing here changes configuration.
 */

/** How this host would send to an address: without a gateway, straight on the interface's segment. */
export interface Route {
  readonly networkInterface: string;
  readonly gateway: string | undefined;
}

export interface Senses {
  /** Text of a kernel table such as `/proc/net/tcp`; empty when the kernel has none. */
  kernelTable(path: '/proc/net/tcp' | '/proc/net/tcp6'): Promise<string>;
  /** Socket inode → name of the service or program that holds it. Sockets that nobody holds any more are left out. */
  holdersOf(inodes: ReadonlySet<string>): Promise<ReadonlyMap<string, string>>;
  /** `undefined`: there is no way to it. */
  routeTo(address: string): Promise<Route | undefined>;
  /** Hardware addresses that answer to an IPv4 address on the interface's segment within the time; asked from nobody's address. */
  arpAnswers(networkInterface: string, address: string, forMs: number): Promise<readonly string[]>;
  /** Lines of JSON, one per VRRP advert heard on the interface within the time. */
  vrrpAdverts(networkInterface: string, forMs: number): Promise<readonly string[]>;
  /** Whether the kernel's clock is disciplined by a time source; undefined where nobody can say. */
  clockSynchronised(): Promise<boolean | undefined>;
}
