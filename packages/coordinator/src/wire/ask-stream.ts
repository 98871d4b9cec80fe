/**
 * The JetStream stream behind the asks: on disk, one latest ask per host, readable by direct get. Made when it is missing, corrected when it
 * differs. What the server says it accepted is read again, because servers ignore keys that they do not know.
 */
import { JetStreamApiError, jetstreamManager, RetentionPolicy, StorageType } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { Subjects } from '@reberth/protocol/subjects.ts';

/** JetStream's code for "stream name already in use with a different configuration". */
const NAME_IN_USE = 10058;

export async function ensureAskStream(connection: NatsConnection, { askStream, allAsks }: Subjects, replicas: number): Promise<void> {
  const { streams } = await jetstreamManager(connection);
  const wanted = {
    subjects: [allAsks],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    max_msgs_per_subject: 1,
    allow_direct: true,
    num_replicas: replicas,
    description: 'The latest ask to each host. Made by reberth-coordinator.',
  } as const;
  const made = async () => {
    try {
      return await streams.add({ name: askStream, ...wanted, subjects: [allAsks] });
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== NAME_IN_USE) throw error;
      return await streams.update(askStream, { ...wanted, subjects: [allAsks] });
    }
  };
  const { config } = await made();
  const { max_msgs_per_subject: kept, allow_direct: direct, storage } = config;
  if (kept !== 1 || !direct || storage !== StorageType.File)
    throw new Error(`cannot use stream ${askStream}: the broker did not accept its settings (server too old?)`);
}
