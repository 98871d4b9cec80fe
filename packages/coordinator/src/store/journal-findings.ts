/** What the doctor says of a replicated journal: how many copies there are, and what a loss of power would cost. Pure. */
import type { DoctorFinding } from '../api/service.ts';
import { knowsSyncAlways } from '../broker/version.ts';

const SUBJECT = 'journal';

/** `serverVersion` is empty while no server is reached; the broker's own finding tells of that. */
export function journalFindings(replicas: number, serverVersion: string): readonly DoctorFinding[] {
  if (replicas < 3)
    return [warning('there is one copy of it in NATS: the loss of that server stops every decision', 'name three servers in broker.servers')];
  if (serverVersion === '') return [];
  if (!knowsSyncAlways(serverVersion)) {
    const text = `nats-server ${serverVersion} writes to disk every two minutes and cannot be told otherwise: what was decided since is lost when two servers lose power at once`;
    return [warning(text, 'nats-server 2.10 or later with sync_interval: always on every server')];
  }
  return [{ subject: SUBJECT, level: 'ok', text: `three copies in NATS; no server tells whether its sync_interval is always`, next: '' }];
}

const warning = (text: string, next: string): DoctorFinding => ({ subject: SUBJECT, level: 'warning', text, next });
