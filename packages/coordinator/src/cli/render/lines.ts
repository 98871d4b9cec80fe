/**
 * One plain line per event worth reading, for pipes and logs. Events that only matter to the record give none. Pure.
 */
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import type { Plan } from '@reberth/protocol/plan.ts';
import { stepsOf } from '@reberth/protocol/plan.ts';
import { gateTitle } from './gate-title.ts';
import { outcomeText, shortDigests } from './words.ts';

export function eventLine({ atMs, body }: RolloutEvent, plan: Plan | undefined): string | undefined {
  const text = sentence(body, plan);
  return text === undefined ? undefined : `${new Date(atMs).toISOString().slice(11, 23)} ${shortDigests(text)}`;
}

function sentence(body: RolloutEvent['body'], plan: Plan | undefined): string | undefined {
  switch (body.type) {
    case 'created':
      return `rollout created by ${body.by}, plan ${body.planDigest.slice(0, 12)}`;
    case 'stage-started':
      return `stage ${stageNumber(plan, body.stage)}: ${body.direction === 'back' ? 'taking back: ' : ''}${stageTitle(plan, body.stage)}`;
    case 'stage-ended':
      return `stage ${stageNumber(plan, body.stage)}: ${body.direction === 'back' ? 'taken back' : 'done'}`;
    case 'asked':
      return body.attempt > 1
        ? undefined
        : `  ${hostOf(plan, body.step)}  ${body.operation === 'undo' ? 'taking back: ' : ''}${stepTitle(plan, body.step)}`;
    case 'reported':
      return `  ${body.report.host}  ${body.report.outcome}: ${stepTitle(plan, body.report.step)}${body.report.why === '' ? '' : ` (${body.report.why})`}`;
    case 'gate-judged':
      return `  gate ${body.verdict.is === 'pass' ? 'passed' : body.verdict.is}: ${gateTitle(plan, body.gate)}${body.verdict.is === 'pass' ? '' : `: ${body.verdict.why}`}`;
    case 'gate-gave-up':
      return `  gate gave up: ${gateTitle(plan, body.gate)}: ${body.why}`;
    case 'unreachable':
      return `  ${body.host}  unreachable: ${body.why}`;
    case 'reachable':
      return `  ${body.host}  answers again`;
    case 'sign-refused':
      return `  signing refused for ${body.step}: ${body.why}`;
    case 'paused':
    case 'resumed':
    case 'approved':
      return `${body.type} by ${body.by}`;
    case 'abort-asked':
      return `abort asked by ${body.by}`;
    case 'undo-asked':
      return `undo asked by ${body.by}`;
    case 'held':
      return outcomeText('held', body.why);
    case 'turned-back':
      return `going back (${body.scope === 'all' ? 'everything' : 'this stage'}): ${body.why}`;
    case 'ended':
      return `${body.outcome}${body.why === '' ? '' : `: ${body.why}`}`;
    case 'gate-opened':
    case 'signed':
    case 'measured':
    case 'looked':
    case 'epoch-taken':
      return undefined;
    default:
      return body satisfies never;
  }
}

const stageTitle = (plan: Plan | undefined, id: string): string => plan?.stages.find((stage) => stage.id === id)?.title ?? id;

function stageNumber(plan: Plan | undefined, id: string): string {
  const index = plan?.stages.findIndex((stage) => stage.id === id) ?? -1;
  return index < 0 ? id : `${index + 1}/${plan?.stages.length ?? 0}`;
}

function find(plan: Plan | undefined, id: string) {
  if (plan === undefined) return undefined;
  for (const { step } of stepsOf(plan)) if (step.id === id) return step;
  return undefined;
}

const stepTitle = (plan: Plan | undefined, id: string): string => find(plan, id)?.title ?? id;
const hostOf = (plan: Plan | undefined, id: string): string => find(plan, id)?.host ?? '';
