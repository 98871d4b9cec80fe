/**
 * Joins a draft with the hosts' dry runs into the plan that an operator approves. A step that changes nothing is left out, and with it a
 * wave or a stage that has nothing left to do; a refusal anywhere is a refusal of the whole, with all reasons at once. Pure.
 */
import type { HostId } from '@reberth/protocol/ids.ts';
import type { Plan, Stage, Step, Wave } from '@reberth/protocol/plan.ts';
import type { DryRunAnswer } from '@reberth/protocol/query.ts';
import type { PlanDraft, StageDraft, StepDraft, WaveDraft } from './draft.ts';

export type Completed = { readonly ok: true; readonly plan: Plan } | { readonly ok: false; readonly reasons: readonly string[] };

type DryRunStep = DryRunAnswer['steps'][number];

/** `confirmWithinMs`: how long a host waits for the confirmation of a step that could cut it off, before it takes it back by itself. */
export function completePlan(
  draft: PlanDraft,
  answers: ReadonlyMap<HostId, DryRunAnswer>,
  { confirmWithinMs }: { readonly confirmWithinMs: number },
): Completed {
  const answered = new Map([...answers].flatMap(([host, { steps }]) => steps.map((step) => [`${host} ${step.id}`, step] as const)));
  const answerTo = (step: StepDraft) => answered.get(`${step.host} ${step.id}`);
  const drafted = draft.stages.flatMap(({ waves }) => waves.flatMap(({ steps }) => steps));
  const reasons = drafted.flatMap((step) => reasonsAgainst(step, answerTo(step)));
  if (reasons.length > 0) return { ok: false, reasons: [...new Set(reasons)] };
  const stages = draft.stages.map((stage) => completeStage(stage, answerTo, confirmWithinMs)).filter((stage) => stage !== undefined);
  const changes = stages.some(({ waves }) => waves.length > 0);
  return { ok: true, plan: { ...draft, stages: changes ? stages : [] } };
}

function reasonsAgainst(step: StepDraft, answer: DryRunStep | undefined): readonly string[] {
  if (answer === undefined) return [`${step.host}: did not answer for ${step.id}`];
  return answer.verdict === 'refuse' ? answer.problems.map((problem) => `${step.host}: ${problem}`) : [];
}

/** A stage of gates only stays, as long as the plan changes anything at all. */
function completeStage(stage: StageDraft, answerTo: (step: StepDraft) => DryRunStep | undefined, confirmWithinMs: number): Stage | undefined {
  const waves = stage.waves.map((wave) => completeWave(wave, answerTo, confirmWithinMs)).filter((wave) => wave.steps.length > 0);
  if (stage.waves.length > 0 && waves.length === 0) return undefined;
  return { ...stage, promises: [...stage.promises], enter: [...stage.enter], exit: [...stage.exit], waves };
}

function completeWave(wave: WaveDraft, answerTo: (step: StepDraft) => DryRunStep | undefined, confirmWithinMs: number): Wave {
  const steps = wave.steps.flatMap((step): Step[] => {
    const answer = answerTo(step);
    if (answer === undefined || answer.verdict === 'noop') return [];
    const { title, risk, touches, expect, diffs } = answer;
    return [{ ...step, title, risk, touches, expect, diffs, confirmWithinMs: risk === 'connectivity' ? confirmWithinMs : 0 }];
  });
  return { title: wave.title, steps, exit: [...wave.exit], back: [...wave.back] };
}
