/**
 * A plan as a runbook: what will happen, in order, on which host, why, what is looked at before going on, and the diff of every file.
 * Pure text; the same words in a terminal and in a file.
 */
import { endpointText, type GateUse, isEmptyPlan, type Plan, type Stage } from '@reberth/protocol/plan.ts';
import { count, type Paint } from './words.ts';

export function renderPlan(plan: Plan, digest: string, paint: Paint): string {
  if (isEmptyPlan(plan)) return `Nothing to do: every client of ${plan.cluster} uses ${endpointText(plan.to)} already.\n`;
  const steps = plan.stages.flatMap(({ waves }) => waves.flatMap((wave) => wave.steps));
  const head = [
    paint('bold', `Move ${plan.cluster} from ${endpointText(plan.from)} to ${endpointText(plan.to)}`),
    `strategy ${plan.strategy}, layout ${plan.layout}, ${count(plan.hosts.length, 'host')}, ${count(steps.length, 'step')} in ${count(plan.stages.length, 'stage')}, plan ${digest.slice(0, 12)}`,
    '',
    ...plan.hosts.map(({ id, roles }) => `  ${id.padEnd(16)} ${roles.join(', ')}`),
    '',
    ...plan.notes.map((note) => `  * ${note}`),
  ];
  const stages = plan.stages.flatMap((stage, index) => ['', ...renderStage(stage, index, plan.stages.length, paint)]);
  const accepted =
    plan.accepted.length === 0 ? [] : ['', paint('bold', 'Where the old address stays'), ...plan.accepted.map((place) => `  * ${place}`)];
  return `${[...head, ...stages, ...accepted].join('\n')}\n`;
}

const POLICY: Readonly<Record<Stage['onFailure'], string>> = {
  'undo-stage': 'if it fails: this stage is taken back, then the rollout holds',
  'undo-all': 'if it fails: everything is taken back',
  hold: 'if it fails: the rollout holds for you',
};

function renderStage(stage: Stage, index: number, total: number, paint: Paint): readonly string[] {
  return [
    paint('bold', `Stage ${index + 1}/${total}  ${stage.title}`) +
      (stage.commit ? paint('yellow', '   (the old address goes here; undo brings it back)') : ''),
    paint('dim', `  ${stage.why}; ${POLICY[stage.onFailure]}`),
    ...gates('first look', stage.enter, '  '),
    ...stage.waves.flatMap((wave, number) => [
      `  wave ${number + 1}/${stage.waves.length}: ${wave.title}`,
      ...wave.steps.flatMap((step) => [`    ${step.host}  ${step.title}`, ...step.diffs.flatMap(({ diff }) => renderDiff(diff, '      ', paint))]),
      ...gates('then look', wave.exit, '    '),
    ]),
    ...gates('last look', stage.exit, '  '),
  ];
}

const gates = (when: string, uses: readonly GateUse[], indent: string): readonly string[] => uses.map(({ title }) => `${indent}${when}: ${title}`);

function renderDiff(diff: string, indent: string, paint: Paint): readonly string[] {
  return diff
    .split('\n')
    .filter((line) => line !== '')
    .map(
      (line) =>
        indent +
        (line.startsWith('+')
          ? paint('green', line)
          : line.startsWith('-')
            ? paint('red', line)
            : line.startsWith('@@')
              ? paint('cyan', line)
              : line),
    );
}
