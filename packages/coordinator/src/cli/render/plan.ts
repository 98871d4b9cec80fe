/**
 * A plan as a runbook: what will happen, in order, on which host, why, what is looked at before going on, and the diff of every file.
 * A change that was shown for another host already is named, not repeated. Pure text; the same words in a terminal and in a file.
 */
import { endpointText, type GateUse, isEmptyPlan, type Plan, type Stage, type Step } from '@reberth/protocol/plan.ts';
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
  const changes = changesOf(steps, paint);
  const stages = plan.stages.flatMap((stage, index) => ['', ...renderStage(stage, index, plan.stages.length, changes, paint)]);
  const accepted =
    plan.accepted.length === 0 ? [] : ['', paint('bold', 'Where the old address stays'), ...plan.accepted.map((place) => `  * ${place}`)];
  return `${[...head, ...stages, ...accepted].join('\n')}\n`;
}

const POLICY: Readonly<Record<Stage['onFailure'], string>> = {
  'undo-stage': 'if it fails: this stage is taken back, then the rollout holds',
  'undo-all': 'if it fails: everything is taken back',
  hold: 'if it fails: the rollout holds for you',
};

type Changes = ReadonlyMap<Step, readonly string[]>;

function renderStage(stage: Stage, index: number, total: number, changes: Changes, paint: Paint): readonly string[] {
  return [
    paint('bold', `Stage ${index + 1}/${total}  ${stage.title}`) +
      (stage.commit ? paint('yellow', '   (the old address goes here; undo brings it back)') : ''),
    paint('dim', `  ${stage.why}; ${POLICY[stage.onFailure]}`),
    ...gates('first look', stage.enter, '  '),
    ...stage.waves.flatMap((wave, number) => [
      `  wave ${number + 1}/${stage.waves.length}: ${wave.title}`,
      ...wave.steps.flatMap((step) => [`    ${step.host}  ${step.title}`, ...(changes.get(step) ?? []).map((line) => `      ${line}`)]),
      ...gates('then look', wave.exit, '    '),
    ]),
    ...gates('last look', stage.exit, '  '),
  ];
}

const gates = (when: string, uses: readonly GateUse[], indent: string): readonly string[] => uses.map(({ title }) => `${indent}${when}: ${title}`);

/** What is shown below each step, in the order of the plan. */
function changesOf(steps: readonly Step[], paint: Paint): Changes {
  const shownOn = new Map<string, string>();
  return new Map(steps.map((step) => [step, step.diffs.flatMap((change) => renderChange(step, change, shownOn, paint))]));
}

function renderChange(step: Step, { path, diff }: Step['diffs'][number], shownOn: Map<string, string>, paint: Paint): readonly string[] {
  if (isStaged(step, path)) return [paint('dim', 'staged; the change is shown below, where it takes effect')];
  const change = `${path}\n${diff}`;
  const earlier = shownOn.get(change);
  if (earlier !== undefined) return [paint('dim', `${path}: same change as ${earlier === step.host ? 'above' : `on ${earlier}`}`)];
  shownOn.set(change, step.host);
  return renderDiff(diff, paint);
}

/** A file that only waits beside the one that it becomes in a later step. */
const isStaged = ({ params, touches }: Step, path: string): boolean =>
  params['staged'] === path && typeof params['file'] === 'string' && !touches.includes(`file:${params['file']}`);

const renderDiff = (diff: string, paint: Paint): readonly string[] =>
  diff
    .split('\n')
    .filter((line) => line !== '' && !/^(?:Index: |={3,})/.test(line))
    .map((line) => painted(line, paint));

function painted(line: string, paint: Paint): string {
  if (line.startsWith('+')) return paint('green', line);
  if (line.startsWith('-')) return paint('red', line);
  return line.startsWith('@@') ? paint('cyan', line) : line;
}
