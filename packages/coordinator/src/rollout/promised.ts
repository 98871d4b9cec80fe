/**
 * Which endpoints must answer right now, so that they are measured and nothing else is: those that the plan promises for the stage under
 * way. Going back, a stage keeps its promises until it is taken back. Pure.
 */
import type { Endpoint } from '@reberth/protocol/plan.ts';
import { type RolloutState, stageState } from './state.ts';

export function promisedEndpoints(state: RolloutState): readonly Endpoint[] {
  if (state.standing === 'ended') return [];
  const { stages, from, to } = state.plan;
  const underWay = stages.findLast(({ id }) => ['running', 'undoing'].includes(stageState(state, id).standing));
  return (underWay?.promises ?? []).map((which) => (which === 'from' ? from : to));
}
