/**
 * The ports through which the agent sees and changes its host. Reading and writing are different types: an inspection or a dry run
 * is safe because nobody handed it a writer. Two implementations: `linux` (the only importer of fs and child_process) and `memory`.
 * Unhealthy and absent are answers; exceptions are for a host that cannot be read at all.
 */

export interface FileState {
  readonly bytes: Buffer;
  /** Permission bits, e.g. 0o600. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface UnitState {
  readonly name: string;
  readonly exists: boolean;
  /** systemd's ActiveState: active, activating, inactive, failed … */
  readonly active: string;
  readonly sub: string;
  /** Changes with every start; empty when never started. The proof of whether a unit was started again since. */
  readonly invocationId: string;
  readonly canReload: boolean;
}

export interface HttpAnswer {
  /** 0 when nothing answered. */
  readonly status: number;
  readonly body: string;
  readonly why: string;
}

export interface TlsAnswer {
  readonly connected: boolean;
  readonly why: string;
  /** Served leaf in PEM, when a handshake got that far. */
  readonly certificatePem: string;
}

export interface HostReader {
  /** `undefined`: there is nothing at this path. Follows no symlink in the last component. */
  readFile(path: string): Promise<FileState | undefined>;
  /** Names in a folder, sorted; empty when it is absent. */
  list(path: string): Promise<readonly string[]>;
  unit(name: string): Promise<UnitState>;
  /** Addresses without prefix on an interface, or on all. */
  addresses(networkInterface?: string): Promise<readonly { readonly networkInterface: string; readonly address: string }[]>;
  /** The program's own check of a configuration file. `problems` are its words; empty means it is content. */
  check(program: 'keepalived' | 'haproxy', path: string): Promise<{ readonly available: boolean; readonly problems: readonly string[] }>;
  http(
    url: string,
    options?: {
      readonly caFile?: string;
      readonly certFile?: string;
      readonly keyFile?: string;
      readonly verifyAs?: string;
      readonly timeoutMs?: number;
    },
  ): Promise<HttpAnswer>;
  tls(
    address: string,
    port: number,
    options?: { readonly caFile?: string; readonly verifyAs?: string; readonly timeoutMs?: number },
  ): Promise<TlsAnswer>;
  nowMs(): number;
  /** Waits, or ends early with the signal. The only way for an action to let time pass. */
  sleep(ms: number): Promise<void>;
}

export interface HostWriter extends HostReader {
  /** Atomic and durable: temporary file in the same folder, mode and owner set, fsync, rename, fsync of the folder. */
  writeFile(path: string, file: FileState): Promise<void>;
  /** Several files renamed into place back to back, after all are written and synced: readers meet at most a few microseconds of mixture. */
  writeFiles(files: readonly { readonly path: string; readonly file: FileState }[]): Promise<void>;
  /** Absent already is fine. */
  removeFile(path: string): Promise<void>;
  /** Takes away what a write of this file that was cut in two left beside it. Only hosts on which that can happen have it. */
  tidy?(path: string): Promise<void>;
  reloadUnit(name: string): Promise<void>;
  /**
   * Tells the segment that an IPv4 address which this interface holds is here (gratuitous ARP). Never rejects: a neighbour that does not hear it
   * finds out later by itself.
   */
  announce(networkInterface: string, address: string): Promise<void>;
  /** Resolves when systemd says that the job is finished; the unit's health is the caller's to judge. Rejects with systemd's reason. */
  restartUnit(name: string): Promise<void>;
}
