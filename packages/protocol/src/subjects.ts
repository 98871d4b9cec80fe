/**
 * The one builder of NATS subjects. Everything lives under `reberth.v1.<cluster>.`; the last token is the host, with dots
 * turned into dashes because a dot separates tokens. Refuses names that would widen a subscription.
 */
import type { HostId, RolloutId } from './ids.ts';

export interface Subjects {
  /** Changes that a host is asked for. Kept in a stream, one latest ask per host, and also heard live. */
  ask(host: HostId): string;
  /** What became of an ask. */
  report(host: HostId): string;
  /** Questions that change nothing (facts, dry run, probe): core request and reply. */
  query(host: HostId): string;
  /** Heartbeats. */
  health(host: HostId): string;
  readonly allReports: string;
  readonly allHealth: string;
  readonly allAsks: string;
  /** Name of the JetStream stream behind `ask`. */
  readonly askStream: string;
  inboxPrefix(host: HostId): string;
  /** The replicated journal of decisions; hosts may neither say nor hear it. */
  journal(rollout: RolloutId): string;
  readonly allJournals: string;
  readonly journalEpoch: string;
  readonly journalStream: string;
  /** Who leads, and until when. */
  readonly lease: string;
  readonly leaseStream: string;
}

export function subjectsOf(cluster: string): Subjects {
  const root = `reberth.v1.${subjectToken(cluster)}`;
  return {
    ask: (host) => `${root}.ask.${subjectToken(host)}`,
    report: (host) => `${root}.report.${subjectToken(host)}`,
    query: (host) => `${root}.query.${subjectToken(host)}`,
    health: (host) => `${root}.health.${subjectToken(host)}`,
    allReports: `${root}.report.*`,
    allHealth: `${root}.health.*`,
    allAsks: `${root}.ask.*`,
    askStream: `reberth_asks_${subjectToken(cluster)}`,
    inboxPrefix: (host) => `_INBOX_${subjectToken(host)}`,
    journal: (rollout) => `${root}.journal.rollout.${subjectToken(rollout)}`,
    allJournals: `${root}.journal.rollout.*`,
    journalEpoch: `${root}.journal.epoch`,
    journalStream: `reberth_journal_${subjectToken(cluster)}`,
    lease: `${root}.lease`,
    leaseStream: `reberth_lease_${subjectToken(cluster)}`,
  };
}

/** `192.0.2.41` → `192-0-2-41`. */
export function subjectToken(name: string): string {
  if (!/^[A-Za-z0-9._:-]{1,253}$/.test(name)) {
    throw new Error(`cannot use ${JSON.stringify(name)} as a name on the wire: letters, digits, dots, dashes, colons and underscores only`);
  }
  return name.replaceAll('.', '-').replaceAll(':', '_');
}
