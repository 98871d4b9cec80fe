/** Asks every host, and answers with a frozen plan or with every reason against one; what it is doing comes first, as notes. */
import { canonicalJson } from '@reberth/protocol/canonical.ts';
import * as v from 'valibot';
import type { PlanMade } from '../../planning/make-plan.ts';
import { streaming } from '../method.ts';
import { queue } from '../queue.ts';

export const makePlan = streaming({
  name: 'MakePlan',
  request: v.object({
    to: v.string(),
    strategy: v.string(),
    inventory: v.string(),
    routerId: v.number(),
    batch: v.number(),
    soakMs: v.number(),
    confirmWithinMs: v.number(),
    acceptStragglers: v.boolean(),
    narrowCertificates: v.boolean(),
  }),
  async *handle(service, request, { signal }) {
    const notes = queue<string>();
    const orAbsent = (value: number) => (value === 0 ? undefined : value);
    const { routerId, batch, soakMs, confirmWithinMs, strategy } = request;
    const wish = {
      ...request,
      strategy: strategy || 'rolling',
      routerId: orAbsent(routerId),
      batch: orAbsent(batch),
      soakMs: orAbsent(soakMs),
      confirmWithinMs: orAbsent(confirmWithinMs),
    };
    const made: Promise<PlanMade> = service.makePlan(wish, notes.push, signal).finally(notes.end);
    for await (const note of notes) yield { note };
    const result = await made;
    yield result.ok ? { plan: Buffer.from(canonicalJson(result.plan)) } : { refused: { reasons: result.reasons } };
  },
});
