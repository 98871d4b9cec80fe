/**
 * One event more: the state it leads to. Pure and total; an event that says nothing new changes nothing, so that repeated and late
 * reports are harmless.
 */
import type { Report } from '@reberth/protocol/ask.ts';
import type { EventBody, RolloutEvent } from '@reberth/protocol/event.ts';
import type { HostId, StageId, StepId } from '@reberth/protocol/ids.ts';
import { withFreshGates, withoutGatesBehind } from './course.ts';
import { pendingStage, type RolloutState, type StepState, stageState, stepState } from './state.ts';

/** Folds all events of one rollout; the first must be `created`. */
export function replay(events: readonly RolloutEvent[]): RolloutState | undefined {
  return events.reduce<RolloutState | undefined>((state, event) => reduce(state, event), undefined);
}

export function reduce(state: RolloutState | undefined, event: RolloutEvent): RolloutState | undefined {
  if (event.body.type === 'created') return state ?? created(event, event.body);
  return state === undefined ? undefined : { ...state, ...change(state, event), seq: event.seq };
}

function created({ rollout, seq, atMs }: RolloutEvent, body: Extract<EventBody, { readonly type: 'created' }>): RolloutState {
  return {
    rollout,
    plan: body.plan,
    planDigest: body.planDigest,
    by: body.by,
    epoch: body.epoch,
    holdAfter: body.holdAfter,
    holdPassed: false,
    startedAtMs: atMs,
    endedAtMs: undefined,
    seq,
    standing: 'running',
    outcome: undefined,
    why: '',
    direction: 'forward',
    scope: 'all',
    turnWanted: undefined,
    stages: {},
    steps: {},
    gates: {},
    unreachable: {},
    before: undefined,
    after: undefined,
    measured: [],
  };
}

function change(state: RolloutState, { atMs, body }: RolloutEvent): Partial<RolloutState> {
  switch (body.type) {
    case 'created':
      return {};
    case 'epoch-taken':
      return { epoch: body.epoch };
    case 'gate-opened':
      return { gates: { ...state.gates, [body.gate]: { openedAtMs: atMs, verdict: { is: 'wait', why: 'not looked yet' }, gaveUp: false } } };
    case 'gate-judged': {
      const gate = state.gates[body.gate];
      return gate === undefined ? {} : { gates: { ...state.gates, [body.gate]: { ...gate, verdict: body.verdict } } };
    }
    case 'gate-gave-up': {
      const gate = state.gates[body.gate];
      return gate === undefined ? {} : { gates: { ...state.gates, [body.gate]: { ...gate, verdict: { is: 'fail', why: body.why }, gaveUp: true } } };
    }
    case 'asked': {
      const asked = step(state, body.step, (before) => ({
        ...before,
        standing: 'asked',
        operation: body.operation,
        attempts: body.attempt,
        confirmed: body.operation === 'confirm' && before.confirmed,
        touched: true,
        why: '',
      }));
      return body.operation === 'do' ? { ...asked, gates: withoutGatesBehind(state, body.step) } : asked;
    }
    case 'reported':
      return { ...reported(state, body.report), unreachable: without(state.unreachable, body.report.host) };
    case 'unreachable':
      return { unreachable: { ...state.unreachable, [body.host]: body.why } };
    case 'reachable':
      return { unreachable: without(state.unreachable, body.host) };
    case 'signed':
      return step(state, body.step, (before) => ({ ...before, inputs: { ...before.inputs, [body.input]: body.value } }));
    case 'sign-refused':
      return step(state, body.step, (before) => ({ ...before, standing: 'refused', why: body.why }));
    case 'paused':
      return state.standing === 'running' ? { standing: 'paused', why: `paused by ${body.by}` } : {};
    case 'resumed':
    case 'approved':
      return goOn(state);
    case 'abort-asked':
      return turn(state, `aborted by ${body.by}`);
    case 'undo-asked':
      return turn(state, `undo asked by ${body.by}`);
    case 'held':
      return { standing: 'held', why: body.why };
    case 'turned-back':
      return { direction: 'back', scope: body.scope, why: body.why, turnWanted: undefined };
    case 'stage-started':
      return stage(
        state,
        body.stage,
        body.direction === 'forward'
          ? { standing: 'running', startedAtMs: atMs, endedAtMs: undefined }
          : { ...stageState(state, body.stage), standing: 'undoing' },
      );
    case 'stage-ended':
      return stage(state, body.stage, {
        ...stageState(state, body.stage),
        standing: body.direction === 'forward' ? 'done' : 'undone',
        endedAtMs: atMs,
      });
    case 'measured':
      return { measured: [...state.measured, { stage: body.stage, observer: body.observer, observations: body.observations }] };
    case 'looked':
      return body.when === 'before' ? { before: body.snapshot } : { after: body.snapshot };
    case 'ended':
      return { standing: 'ended', outcome: body.outcome, why: body.why, endedAtMs: atMs };
    default:
      return body satisfies never;
  }
}

const step = (state: RolloutState, id: StepId, next: (before: StepState) => StepState): Partial<RolloutState> => ({
  steps: { ...state.steps, [id]: next(stepState(state, id)) },
});

const stage = (state: RolloutState, id: StageId, next: RolloutState['stages'][StageId]): Partial<RolloutState> => ({
  stages: { ...state.stages, [id]: next },
});

const without = (silent: RolloutState['unreachable'], host: HostId): RolloutState['unreachable'] =>
  Object.fromEntries(Object.entries(silent).filter(([name]) => name !== host));

/** Only the answer to what was asked last settles a step: an older one comes too late to matter. */
function reported(state: RolloutState, report: Report): Partial<RolloutState> {
  const before = stepState(state, report.step);
  if (before.standing !== 'asked' || before.operation !== report.operation || before.attempts !== report.attempt) return {};
  return step(state, report.step, () => settled(before, report));
}

function settled(before: StepState, { operation, outcome, why, outputs }: Report): StepState {
  if (operation === 'undo') {
    const undone = outcome === 'undone' || outcome === 'noop';
    return { ...before, standing: undone ? 'undone' : 'undo-failed', touched: !undone, why, ...(undone ? { outputs: {}, inputs: {} } : {}) };
  }
  if (outcome === 'confirmed') return { ...before, standing: 'done', confirmed: true, why };
  if (outcome === 'done' || outcome === 'noop') return { ...before, standing: outcome, touched: outcome === 'done', why, outputs };
  // A refusal counts as touched too: a second copy of the same ask may have found the host agreeable.
  return { ...before, standing: outcome === 'refused' ? 'refused' : 'failed', touched: true, why };
}

/** Abort and undo win from every state; what was begun on the way forward is not waited for, because a host does its asks in order. */
function turn(state: RolloutState, why: string): Partial<RolloutState> {
  if (state.standing === 'ended' && state.outcome === 'rolled-back') return {};
  return { ...retriedUndo(state), standing: 'running', outcome: undefined, endedAtMs: undefined, turnWanted: why, why };
}

/** From paused or held: whatever stopped it is tried anew. */
function goOn(state: RolloutState): Partial<RolloutState> {
  if (state.standing === 'paused') return { standing: 'running', why: '', gates: withFreshGates(state) };
  if (state.standing !== 'held') return {};
  const again = { standing: 'running', holdPassed: state.holdPassed || isAtItsHold(state) } as const;
  if (state.direction === 'forward') return { ...again, why: '', gates: withFreshGates(state), steps: forgetFailures(state) };
  const current = state.plan.stages.find(({ id }) => stageState(state, id).standing !== 'done');
  const stageIsBack = state.scope === 'stage' && current !== undefined && stageState(state, current.id).standing === 'undone';
  if (!stageIsBack) return { ...again, ...retriedUndo(state) };
  const ofStage = Object.entries(state.gates).filter(([key]) => !key.startsWith(`${current.id}/`));
  return {
    ...again,
    why: '',
    direction: 'forward',
    gates: Object.fromEntries(ofStage),
    stages: { ...state.stages, [current.id]: pendingStage },
    steps: forgetFailures(state),
  };
}

/** Held for anything else before that stage is done, it is still to hold after it. */
const isAtItsHold = (state: RolloutState): boolean => state.holdAfter !== undefined && stageState(state, state.holdAfter).standing === 'done';

/** What failed is asked anew as well: the host looks where the first attempt left it, and refuses unless that is before. */
const forgetFailures = (state: RolloutState): RolloutState['steps'] =>
  mapSteps(state, (before) => (ANEW.includes(before.standing) ? { ...before, standing: 'none', why: '', inputs: {} } : before));

const ANEW: readonly StepState['standing'][] = ['refused', 'failed', 'undone'];

const retriedUndo = (state: RolloutState): Partial<RolloutState> => ({
  gates: withFreshGates(state),
  steps: mapSteps(state, (before) => (before.standing === 'undo-failed' ? { ...before, standing: 'failed' } : before)),
});

const mapSteps = (state: RolloutState, next: (before: StepState) => StepState): RolloutState['steps'] =>
  Object.fromEntries(Object.entries(state.steps).map(([id, before]) => [id, next(before)])) as RolloutState['steps'];
