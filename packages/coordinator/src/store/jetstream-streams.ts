/**
 * The two streams behind the replicated journal: every decision in order, never deleted, and the lease, of which only the latest counts. Made
 * when they are missing, never shrunk. What the server says it accepted is read again, because servers ignore keys that they do not know.
 */
import { JetStreamApiCodes, JetStreamApiError, jetstreamManager, RetentionPolicy, StorageType, type StreamConfig } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Subjects } from '@reberth/protocol/subjects.ts';

/** A repeat of a publish that was not answered is recognised for this long; it is repeated for seconds only. */
const DUPLICATE_WINDOW_NS = 120e9;

type Wanted = Partial<StreamConfig> & { readonly name: string; readonly subjects: string[]; readonly num_replicas: number };

export async function ensureJournalStreams(connection: NatsConnection, subjects: Subjects, replicas: number): Promise<void> {
  const common = { storage: StorageType.File, retention: RetentionPolicy.Limits, num_replicas: replicas, duplicate_window: DUPLICATE_WINDOW_NS };
  await ensure(connection, {
    ...common,
    name: subjects.journalStream,
    subjects: [subjects.allJournals, subjects.journalEpoch],
    deny_delete: true,
    deny_purge: true,
    description: 'The journal of decisions. Made by reberth-coordinator.',
  });
  await ensure(connection, {
    ...common,
    name: subjects.leaseStream,
    subjects: [subjects.lease],
    max_msgs_per_subject: 1,
    description: 'Which coordinator leads. Made by reberth-coordinator.',
  });
}

async function ensure(connection: NatsConnection, wanted: Wanted): Promise<void> {
  const { streams } = await jetstreamManager(connection);
  const found = await streams.info(wanted.name).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return undefined;
    throw error;
  });
  const { config } = found ?? (await streams.add(wanted));
  const accepted = config.num_replicas >= wanted.num_replicas ? config : (await streams.update(wanted.name, wanted)).config;
  const refused = (['storage', 'retention', 'deny_delete', 'deny_purge', 'num_replicas', 'max_msgs_per_subject'] as const).filter(
    (key) => wanted[key] !== undefined && (key === 'num_replicas' ? accepted[key] < wanted[key] : accepted[key] !== wanted[key]),
  );
  if (refused.length > 0) throw new Error(`cannot use stream ${wanted.name}: the broker did not accept ${refused.join(', ')}`);
}
