/** Starts a plan. The digest is computed again from the bytes that came: what was approved is what runs. */
import { digest as digestOfValue } from '@reberth/protocol/canonical.ts';
import { ReberthError } from '@reberth/protocol/errors.ts';
import { stageId } from '@reberth/protocol/ids.ts';
import { PlanSchema } from '@reberth/protocol/plan.ts';
import * as v from 'valibot';
import { unary } from '../method.ts';

export const apply = unary({
  name: 'Apply',
  request: v.object({ plan: v.instance(Uint8Array), digest: v.string(), holdAfter: v.string() }),
  async handle(service, request, { by }) {
    const raw = parseJson(request.plan);
    const actual = digestOfValue(raw);
    if (actual !== request.digest)
      throw new ReberthError(
        'plan-stale',
        `cannot apply: the plan's digest is ${actual.slice(0, 12)} and ${request.digest.slice(0, 12)} was approved`,
      );
    const parsed = v.safeParse(PlanSchema, raw);
    if (!parsed.success) {
      throw new ReberthError('usage', 'cannot apply: this is no plan', {
        reasons: parsed.issues.map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`),
      });
    }
    const { output: plan } = parsed;
    if (request.holdAfter !== '' && !plan.stages.some(({ id }) => id === request.holdAfter)) {
      throw new ReberthError('usage', `cannot hold after ${request.holdAfter}: the plan's stages are ${plan.stages.map(({ id }) => id).join(', ')}`);
    }
    const rollout = await service.apply(plan, actual, { by, holdAfter: request.holdAfter === '' ? undefined : stageId(request.holdAfter) });
    return { rollout };
  },
});

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (cause) {
    throw new ReberthError('usage', 'cannot apply: the plan is not JSON', { cause });
  }
}
