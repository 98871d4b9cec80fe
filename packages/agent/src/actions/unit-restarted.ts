/**
 * Starts a service again and waits until it is well. There is nothing to put back: whether it was started is told by systemd's invocation id,
 * and a start cannot be taken back.
 */
import * as v from 'valibot';
import type { HostReader, UnitState } from '../host/host.ts';
import { type Change, defineAction } from './action.ts';
import { waitForHealth } from './health.ts';
import { HealthSchema, shortUnit, UnitSchema } from './params.ts';

const ParamsSchema = v.object({ unit: UnitSchema, health: v.optional(HealthSchema) });
type Params = v.InferOutput<typeof ParamsSchema>;

export const unitRestarted = defineAction<Params, UnitState>({
  kind: 'unit-restarted',
  version: 1,
  risk: 'service',
  params: ParamsSchema,
  title: ({ unit }) => `restart ${shortUnit(unit)}`,
  touches: ({ unit }) => [`unit:${unit}`],
  inspect: (host, { unit }) => host.unit(unit),
  plan({ unit }, seen) {
    if (!seen.exists) return { is: 'refuse', problems: [`${unit}: there is no such unit`] };
    return { is: 'change', change: { files: [], readers: [{ unit, invocationBefore: seen.invocationId }], detail: {} }, diffs: [] };
  },
  async compare(host, change, { unit }) {
    const { started, active } = await look(host, change, unit);
    if (!started) return 'before';
    return active === 'active' ? 'after' : 'between';
  },
  async apply(host, change, { unit }) {
    if (!(await look(host, change, unit)).started) await host.restartUnit(unit);
  },
  async verify(host, change, { unit, health }) {
    const { started, active } = await look(host, change, unit);
    if (!started) return { ok: false, why: `${unit} was not started again` };
    if (health !== undefined) return waitForHealth(host, unit, health);
    return active === 'active' ? { ok: true } : { ok: false, why: `${unit} is ${active}` };
  },
  undo: async () => undefined,
});

async function look(host: HostReader, { readers }: Change, unit: string): Promise<{ readonly started: boolean; readonly active: string }> {
  const before = readers.find((reader) => reader.unit === unit)?.invocationBefore ?? '';
  const { invocationId, active } = await host.unit(unit);
  return { started: invocationId !== before, active };
}
