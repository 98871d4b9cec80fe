/**
 * The table of errors that people meet. Each has a code, who can fix it, whether trying again is safe, and a hint with the next
 * command. Text follows one pattern: "cannot …: …". Anything not in the table is a bug and says "internal error".
 */

export type Fixer = 'operator' | 'host' | 'cluster' | 'us';

interface Entry {
  readonly fixer: Fixer;
  readonly retry: 'safe' | 'unsafe' | 'useless';
  readonly hint: string;
}

export const ERRORS = {
  usage: { fixer: 'operator', retry: 'useless', hint: 'reberth --help' },
  'config-invalid': { fixer: 'operator', retry: 'useless', hint: 'correct the named keys, then start again' },
  'coordinator-unreachable': { fixer: 'operator', retry: 'safe', hint: 'systemctl status reberth-coordinator on the coordinator host' },
  'not-allowed': { fixer: 'operator', retry: 'useless', hint: 'use credentials written by reberth init' },
  'preflight-refused': { fixer: 'operator', retry: 'safe', hint: 'settle each reason, then plan again' },
  'plan-stale': { fixer: 'operator', retry: 'useless', hint: 'reberth plan --to ADDRESS' },
  'plan-unknown': { fixer: 'operator', retry: 'useless', hint: 'reberth plan --to ADDRESS --out FILE' },
  'rollout-unknown': { fixer: 'operator', retry: 'useless', hint: 'reberth status' },
  'rollout-busy': { fixer: 'operator', retry: 'safe', hint: 'reberth status' },
  'rollout-state': { fixer: 'operator', retry: 'useless', hint: 'reberth status' },
  'host-silent': { fixer: 'host', retry: 'safe', hint: 'systemctl status reberth-agent on that host' },
  'host-refused': { fixer: 'host', retry: 'useless', hint: 'journalctl -u reberth-agent on that host' },
  'cluster-unreachable': { fixer: 'cluster', retry: 'safe', hint: 'reberth doctor' },
  'journal-damaged': { fixer: 'host', retry: 'useless', hint: 'keep the file, and compare it with the hosts: reberth doctor' },
  'storage-failed': { fixer: 'host', retry: 'unsafe', hint: 'look at free space and mount options, then start the service again' },
  'broker-failed': { fixer: 'host', retry: 'safe', hint: 'reberth doctor' },
  internal: { fixer: 'us', retry: 'unsafe', hint: 'report this with the output of reberth events --json' },
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof ERRORS;

export class ReberthError extends Error {
  readonly code: ErrorCode;
  /** All reasons at once; the message is their headline. */
  readonly reasons: readonly string[];
  readonly hint: string;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly reasons?: readonly string[]; readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.name = 'ReberthError';
    this.code = code;
    this.reasons = options.reasons ?? [];
    this.hint = options.hint ?? ERRORS[code].hint;
  }
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
