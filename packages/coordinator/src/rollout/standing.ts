/**
 * Where a rollout stands, in one line, and the one command that leads out of it. Every state has one. Pure.
 */
import { endpointText } from '@reberth/protocol/plan.ts';
import { hasPassed, phasesOf } from './course.ts';
import { type RolloutState, stageState, stepState } from './state.ts';

export interface Standing {
  readonly state: 'none' | 'running' | 'paused' | 'held' | 'done' | 'rolled-back' | 'failed';
  readonly text: string;
  readonly next: string;
}

export const noRollout: Standing = { state: 'none', text: 'no rollout yet', next: 'reberth plan --to ADDRESS' };

export function standingOf(state: RolloutState): Standing {
  const { rollout, why, plan } = state;
  if (state.standing === 'ended') {
    const outcome = state.outcome ?? 'failed';
    const text =
      outcome === 'done'
        ? `the control plane is at ${endpointText(plan.to)}`
        : `everything was taken back; the control plane is at ${endpointText(plan.from)}${why === '' ? '' : `: ${why}`}`;
    return { state: outcome, text, next: outcome === 'done' ? `reberth report ${rollout}` : `reberth report ${rollout}` };
  }
  if (state.standing === 'paused')
    return { state: 'paused', text: `${place(state)}; ${why}; nothing new is begun`, next: `reberth resume ${rollout}` };
  if (state.standing === 'held') {
    const stuck = state.direction === 'back' && Object.values(state.steps).some(({ standing }) => standing === 'undo-failed');
    return { state: 'held', text: `${place(state)}; held: ${why}`, next: stuck ? `reberth undo ${rollout}` : `reberth resume ${rollout}` };
  }
  return { state: 'running', text: `${place(state)}${waitingFor(state)}`, next: `reberth watch ${rollout}` };
}

function place(state: RolloutState): string {
  const { stages } = state.plan;
  const back = state.direction === 'back';
  const index = back
    ? stages.findLastIndex(({ id }) => stageState(state, id).standing === 'undoing')
    : stages.findIndex(({ id }) => stageState(state, id).standing !== 'done');
  const stage = stages[index];
  if (stage === undefined) return back ? 'going back' : 'at the end';
  return `${back ? 'taking back' : 'in'} stage ${index + 1} of ${stages.length}, ${stage.id}`;
}

function waitingFor(state: RolloutState): string {
  const silent = Object.entries(state.unreachable).map(([host, why]) => `${host} is unreachable (${why})`);
  if (silent.length > 0) return `; ${silent.join('; ')}; asked again until it answers`;
  for (const stage of state.plan.stages) {
    for (const phase of phasesOf(stage)) {
      if (phase.is !== 'gates') {
        const asked = phase.steps.find(({ id }) => stepState(state, id).standing === 'asked');
        if (asked !== undefined) return `; ${asked.host}: ${asked.title}`;
        continue;
      }
      const open = phase.gates.find(({ key }) => state.gates[key] !== undefined && !hasPassed(state.gates[key]));
      if (open !== undefined) return `; waiting for: ${open.use.title}`;
    }
  }
  return '';
}
