/**
 * Where a rollout stands, in one line, and the one command that leads out of it. Every state has one. Pure.
 */
import type { StageId } from '@reberth/protocol/ids.ts';
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
        : // Where the control plane is, this rollout cannot know: another may have moved it before.
          `everything is as it was before this rollout${why === '' ? '' : `: ${why}`}`;
    return { state: outcome, text, next: `reberth report ${rollout}` };
  }
  if (state.standing === 'paused')
    return { state: 'paused', text: `${place(state)}, ${why.replace(/^paused /, '')}; nothing new is begun`, next: `reberth resume ${rollout}` };
  if (state.standing === 'held') {
    const stuck = state.direction === 'back' && Object.values(state.steps).some(({ standing }) => standing === 'undo-failed');
    const text = `${place(state)}; ${why}; nothing is begun until you say so${stuck ? '' : `, and reberth undo takes everything back`}`;
    return { state: 'held', text, next: `reberth ${stuck ? 'undo' : 'resume'} ${rollout}` };
  }
  const [lost] = Object.keys(state.unreachable);
  const next = lost === undefined ? `reberth watch ${rollout}` : `systemctl status reberth-agent on ${lost}`;
  return { state: 'running', text: `${place(state)}${waitingFor(state)}`, next };
}

function place(state: RolloutState): string {
  const { stages } = state.plan;
  const back = state.direction === 'back';
  const standing = (id: StageId) => stageState(state, id).standing;
  const undoing = stages.findLastIndex(({ id }) => standing(id) === 'undoing');
  const index = back
    ? undoing >= 0
      ? undoing
      : stages.findIndex(({ id }) => standing(id) === 'undone')
    : stages.findIndex(({ id }) => standing(id) !== 'done');
  const stage = stages[index];
  if (stage === undefined) return back ? 'going back' : 'at the end';
  const words = { pending: 'before', running: 'in', done: 'after', undoing: 'taking back', undone: 'before' } as const;
  return `${words[standing(stage.id)]} stage ${index + 1} of ${stages.length}, ${stage.id}`;
}

function waitingFor(state: RolloutState): string {
  // For how long was true when it was recorded, and is not now.
  const silent = Object.entries(state.unreachable).map(
    ([host, why]) => `${host} is unreachable (${why.replace(/has been silent for .*/, 'is silent')})`,
  );
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
