/**
 * The course of a plan: the gates and steps of a stage as phases in order, each complete before the next begins, and the same on the way
 * back. Pure.
 */
import type { GateKey } from '@reberth/protocol/event.ts';
import type { StageId, StepId } from '@reberth/protocol/ids.ts';
import { type GateUse, type Stage, type Step, stepsOf, type Wave } from '@reberth/protocol/plan.ts';
import type { GateState, RolloutState } from './state.ts';

export type GateOfPlan = { readonly key: GateKey; readonly use: GateUse };
export type Phase =
  | { readonly is: 'gates'; readonly gates: readonly GateOfPlan[] }
  | { readonly is: 'steps'; readonly steps: readonly Step[] }
  /** Steps that stay only when they are confirmed, once the gates of their wave have looked. */
  | { readonly is: 'confirm'; readonly steps: readonly Step[] };

/** Forward: enter gates; then each wave's steps, exit gates and confirmations; then the stage's exit gates. */
export function phasesOf(stage: Stage): readonly Phase[] {
  return [
    gates(`${stage.id}/enter`, stage.enter),
    ...stage.waves.flatMap((wave, index): Phase[] => [
      { is: 'steps', steps: wave.steps },
      gates(`${stage.id}/${index}/exit`, wave.exit),
      { is: 'confirm', steps: wave.steps.filter(({ confirmWithinMs }) => confirmWithinMs > 0) },
    ]),
    gates(`${stage.id}/exit`, stage.exit),
  ];
}

export const backGates = (stage: Stage, waveIndex: number, wave: Wave): readonly GateOfPlan[] => named(`${stage.id}/${waveIndex}/back`, wave.back);

export const stageOfGate = (key: GateKey): StageId => key.slice(0, key.indexOf('/')) as StageId;

/** Every gate of a plan by its key. */
export function gateUse(plan: RolloutState['plan'], key: GateKey): GateUse | undefined {
  for (const stage of plan.stages) {
    if (stage.id !== stageOfGate(key)) continue;
    const forward = phasesOf(stage).flatMap((phase) => (phase.is === 'gates' ? phase.gates : []));
    const back = stage.waves.flatMap((wave, index) => backGates(stage, index, wave));
    return [...forward, ...back].find((gate) => gate.key === key)?.use;
  }
  return undefined;
}

const gates = (prefix: string, uses: readonly GateUse[]): Phase => ({ is: 'gates', gates: named(prefix, uses) });
const named = (prefix: string, uses: readonly GateUse[]): readonly GateOfPlan[] => uses.map((use, index) => ({ key: `${prefix}/${index}`, use }));

export const hasPassed = (gate: GateState | undefined): boolean =>
  gate !== undefined && !gate.gaveUp && (gate.verdict.is === 'pass' || gate.verdict.is === 'skip');

/** What gates said after a step says nothing once that step is done anew: those behind it are forgotten. */
export function withoutGatesBehind({ plan, gates: known }: RolloutState, step: StepId): RolloutState['gates'] {
  for (const { stage, waveIndex, step: each } of stepsOf(plan)) {
    if (each.id !== step) continue;
    const isBehind = (key: GateKey): boolean => {
      const [ofStage, place] = key.split('/');
      return ofStage === stage.id && (place === 'exit' || Number(place) >= waveIndex);
    };
    return Object.fromEntries(Object.entries(known).filter(([key]) => !isBehind(key)));
  }
  return known;
}

/** Gates that have not passed are forgotten, so that they open again with their full time. */
export const withFreshGates = ({ gates: known }: RolloutState): RolloutState['gates'] =>
  Object.fromEntries(Object.entries(known).filter(([, gate]) => hasPassed(gate)));
