/** From a gate's key (`switch/1/exit/0`) to the words of the plan. Pure. */
import type { GateKey } from '@reberth/protocol/event.ts';
import type { GateUse, Plan } from '@reberth/protocol/plan.ts';

export const gateTitle = (plan: Plan | undefined, key: GateKey): string => gateOf(plan, key)?.title ?? key;

function gateOf(plan: Plan | undefined, key: GateKey): GateUse | undefined {
  const [stageId, ...rest] = key.split('/');
  const stage = plan?.stages.find(({ id }) => id === stageId);
  const index = Number(rest.at(-1));
  if (rest.length === 2) return rest[0] === 'enter' ? stage?.enter[index] : stage?.exit[index];
  const wave = stage?.waves[Number(rest[0])];
  return rest[1] === 'back' ? wave?.back[index] : wave?.exit[index];
}
