/** The lease in the NATS cluster: one message, replaced only by who knows the one before it. */
import { randomUUID } from 'node:crypto';
import { jetstreamManager } from '@nats-io/jetstream';
import type { SteadyConnection } from '@reberth/daemon/steady-connection.ts';
import { ReberthError } from '@reberth/protocol/errors.ts';
import type { Subjects } from '@reberth/protocol/subjects.ts';
import * as v from 'valibot';
import type { LeasePort } from '../leadership/lease.ts';
import { guardedPublish } from './guarded-publish.ts';
import { insist } from './insistence.ts';

const LeaseSchema = v.object({ owner: v.string(), instance: v.string(), released: v.boolean() });

/** Shorter than a lease: whoever cannot know in this time tries again or gives up. */
const LIMIT_MS = 3_000;

export function jetstreamLease(steady: SteadyConnection, { lease: subject, leaseStream: stream }: Subjects, ready: () => Promise<void>): LeasePort {
  return {
    async read() {
      await ready();
      return insist(steady, LIMIT_MS, async (connection) => {
        const { streams } = await jetstreamManager(connection, { checkAPI: false });
        const kept = await streams.getMessage(stream, { last_by_subj: subject });
        if (kept === null) return undefined;
        const lease = v.safeParse(LeaseSchema, kept.json());
        if (!lease.success) throw new ReberthError('journal-damaged', `cannot read ${subject}: it is no lease`);
        return { lease: lease.output, revision: kept.seq };
      });
    },
    async write(lease, revision) {
      await ready();
      const bytes = Buffer.from(JSON.stringify(lease));
      return guardedPublish(steady, { stream, subject, id: randomUUID(), bytes, expect: { lastSubjectSequence: revision } }, LIMIT_MS);
    },
  };
}
