/**
 * What is wanted now, from the state alone. Level-triggered: as long as something is wanted it is wanted again, so a lost message, a
 * crash or a second call changes nothing. At most one record at a time; the state after it decides what comes next. Pure.
 */
import type { Operation } from '@reberth/protocol/ask.ts';
import type { EventBody } from '@reberth/protocol/event.ts';
import { type Stage, type Step, stepsOf } from '@reberth/protocol/plan.ts';
import { backGates, type GateOfPlan, hasPassed, type Phase, phasesOf } from './course.ts';
import { isThrough, type RolloutState, type StepState, stageState, stepState } from './state.ts';

export type Command =
  | { readonly do: 'record'; readonly body: EventBody }
  /** Record that this is asked, then send it. */
  | { readonly do: 'ask'; readonly step: Step; readonly operation: Operation; readonly attempt: number }
  /** Asked and not answered: send it again after a while. */
  | { readonly do: 'repeat'; readonly step: Step; readonly operation: Operation; readonly attempt: number }
  | { readonly do: 'sign'; readonly step: Step; readonly input: string; readonly request: string }
  | { readonly do: 'judge'; readonly gate: GateOfPlan };

export function decide(state: RolloutState): readonly Command[] {
  if (state.standing === 'ended') return [];
  const repeats = awaited(state);
  if (state.standing === 'paused') return [...repeats, ...settle(state)];
  if (state.standing !== 'running') return repeats;
  if (state.turnWanted !== undefined) return [...repeats, record({ type: 'turned-back', scope: 'all', why: state.turnWanted })];
  return [...repeats, ...(state.direction === 'forward' ? forward(state) : back(state))];
}

/**
 * Paused, nothing new is begun; but a host that waits for its confirmation is looked at and told, because it would take its step back by itself.
 */
function settle(state: RolloutState): readonly Command[] {
  if (state.direction === 'back' || state.turnWanted !== undefined || !awaitsConfirmation(state)) return [];
  return forward(state).filter(
    (command) =>
      command.do === 'judge' ||
      (command.do === 'ask' && command.operation === 'confirm') ||
      (command.do === 'record' && command.body.type === 'gate-opened'),
  );
}

function awaitsConfirmation(state: RolloutState): boolean {
  return [...stepsOf(state.plan)].some(({ step }) => step.confirmWithinMs > 0 && isUnconfirmed(stepState(state, step.id)));
}

const isUnconfirmed = (step: StepState): boolean => isThrough(step) && step.standing !== 'noop' && !step.confirmed;

const record = (body: EventBody): Command => ({ do: 'record', body });

function awaited(state: RolloutState): readonly Command[] {
  return [...stepsOf(state.plan)].flatMap(({ step }): Command[] => {
    const { standing, operation, attempts } = stepState(state, step.id);
    return standing === 'asked' ? [{ do: 'repeat', step, operation, attempt: attempts }] : [];
  });
}

function forward(state: RolloutState): readonly Command[] {
  const { stages } = state.plan;
  const index = stages.findIndex(({ id }) => stageState(state, id).standing !== 'done');
  const before = index === -1 ? stages.at(-1) : stages[index - 1];
  if (before !== undefined && before.id === state.holdAfter && !state.holdPassed)
    return [record({ type: 'held', why: `held after stage ${before.id}, as asked for` })];
  const stage = stages[index];
  if (stage === undefined) return [record({ type: 'ended', outcome: 'done', why: '' })];
  if (stageState(state, stage.id).standing !== 'running') return [record({ type: 'stage-started', stage: stage.id, direction: 'forward' })];
  const trouble = troubleIn(state, stage);
  if (trouble !== undefined) return [record(trouble)];
  for (const phase of phasesOf(stage)) {
    const wanted = wantedOf(state, phase);
    if (wanted !== 'complete') return wanted;
  }
  return [record({ type: 'stage-ended', stage: stage.id, direction: 'forward' })];
}

function wantedOf(state: RolloutState, phase: Phase): readonly Command[] | 'complete' {
  switch (phase.is) {
    case 'gates':
      return openGates(state, phase.gates);
    case 'steps':
      return nextSteps(state, phase.steps);
    case 'confirm':
      return confirmations(state, phase.steps);
    default:
      return phase satisfies never;
  }
}

/** A failed step or a gate that gave up, and what the stage's policy makes of it. */
function troubleIn(state: RolloutState, stage: Stage): EventBody | undefined {
  for (const { step } of stepsOf({ ...state.plan, stages: [stage] })) {
    const { standing, why } = stepState(state, step.id);
    if (standing === 'failed' || standing === 'refused') return policy(stage, `${step.host}: ${step.title}: ${why}`);
  }
  for (const phase of phasesOf(stage)) {
    for (const { key, use } of phase.is === 'gates' ? phase.gates : []) {
      const gate = state.gates[key];
      if (gate?.gaveUp !== true) continue;
      const why = `${use.title}: ${'why' in gate.verdict ? gate.verdict.why : ''}`;
      return use.onGiveUp === 'hold' ? { type: 'held', why } : policy(stage, why);
    }
  }
  return undefined;
}

function policy(stage: Stage, why: string): EventBody {
  if (stage.onFailure === 'hold') return { type: 'held', why };
  return { type: 'turned-back', scope: stage.onFailure === 'undo-all' ? 'all' : 'stage', why };
}

function openGates(state: RolloutState, gates: readonly GateOfPlan[]): readonly Command[] | 'complete' {
  const waiting = gates.filter(({ key }) => !hasPassed(state.gates[key]));
  if (waiting.length === 0) return 'complete';
  const unopened = waiting.find(({ key }) => state.gates[key] === undefined);
  if (unopened !== undefined) return [record({ type: 'gate-opened', gate: unopened.key })];
  return waiting.filter(({ key }) => state.gates[key]?.gaveUp !== true).map((gate): Command => ({ do: 'judge', gate }));
}

/** Hosts side by side, the steps of one host one after another. */
function nextSteps(state: RolloutState, steps: readonly Step[]): readonly Command[] | 'complete' {
  const through = ({ id }: Step) => isThrough(stepState(state, id));
  if (steps.every(through)) return 'complete';
  return [...new Set(steps.map(({ host }) => host))].flatMap((host): readonly Command[] => {
    const next = steps.find((step) => step.host === host && !through(step));
    return next === undefined || stepState(state, next.id).standing === 'asked' ? [] : begin(state, next);
  });
}

function confirmations(state: RolloutState, steps: readonly Step[]): readonly Command[] | 'complete' {
  const open = steps.filter(({ id }) => isUnconfirmed(stepState(state, id)));
  if (open.length === 0) return 'complete';
  return open.flatMap((step): Command[] => {
    const { standing, attempts } = stepState(state, step.id);
    return standing === 'asked' ? [] : [{ do: 'ask', step, operation: 'confirm', attempt: attempts + 1 }];
  });
}

function begin(state: RolloutState, step: Step): readonly Command[] {
  const { attempts, inputs } = stepState(state, step.id);
  for (const { name, from } of step.inputs) {
    if (inputs[name] !== undefined) continue;
    const request = stepState(state, from).outputs['csr'];
    if (request === undefined) return [record({ type: 'sign-refused', step: step.id, why: `step ${from} made no request` })];
    return [{ do: 'sign', step, input: name, request }];
  }
  return [{ do: 'ask', step, operation: 'do', attempt: attempts + 1 }];
}

function back(state: RolloutState): readonly Command[] {
  const started = state.plan.stages.filter(({ id }) => stageState(state, id).standing !== 'pending');
  const inScope = state.scope === 'all' ? started : started.slice(-1);
  const stage = inScope.findLast(({ id }) => stageState(state, id).standing !== 'undone');
  if (stage === undefined)
    return [
      state.scope === 'all'
        ? record({ type: 'ended', outcome: 'rolled-back', why: state.why })
        : record({ type: 'held', why: `stage ${inScope.at(-1)?.id ?? ''} was taken back: ${state.why}` }),
    ];
  if (stageState(state, stage.id).standing !== 'undoing') return [record({ type: 'stage-started', stage: stage.id, direction: 'back' })];
  for (const [index, wave] of [...stage.waves.entries()].reverse()) {
    const wanted = undoSteps(state, wave.steps);
    if (wanted !== 'complete') return wanted;
    // Nothing was taken back here: nothing to look at.
    if (!wave.steps.some(({ id }) => stepState(state, id).standing === 'undone')) continue;
    const gates = backGates(stage, index, wave);
    const stuck = gates.find(({ key }) => state.gates[key]?.gaveUp);
    if (stuck !== undefined) return [record({ type: 'held', why: `on the way back: ${stuck.use.title}: ${whyOf(state, stuck)}` })];
    const looks = openGates(state, gates);
    if (looks !== 'complete') return looks;
  }
  return [record({ type: 'stage-ended', stage: stage.id, direction: 'back' })];
}

function whyOf(state: RolloutState, { key }: GateOfPlan): string {
  const verdict = state.gates[key]?.verdict;
  return verdict !== undefined && 'why' in verdict ? verdict.why : '';
}

/** In reverse on each host. What was asked and not answered is taken back as well: the host does its asks in order. */
function undoSteps(state: RolloutState, steps: readonly Step[]): readonly Command[] | 'complete' {
  const pending = steps.filter(({ id }) => stepState(state, id).touched);
  if (pending.length === 0) return 'complete';
  const refused = pending.find(({ id }) => stepState(state, id).standing === 'undo-failed');
  if (refused !== undefined)
    return [record({ type: 'held', why: `${refused.host}: cannot take back "${refused.title}": ${stepState(state, refused.id).why}` })];
  return [...new Set(pending.map(({ host }) => host))].flatMap((host): Command[] => {
    const last = pending.findLast((step) => step.host === host);
    if (last === undefined) return [];
    const { standing, operation, attempts } = stepState(state, last.id);
    return standing === 'asked' && operation === 'undo' ? [] : [{ do: 'ask', step: last, operation: 'undo', attempt: attempts + 1 }];
  });
}
