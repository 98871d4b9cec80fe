/**
 * The rollout as a tree for a terminal: finished stages on one line, the stage in hand opened up to its wave, hosts and gates. Pure.
 */
import { stripVTControlCharacters } from 'node:util';
import type { GateUse, Stage, Step, Wave } from '@reberth/protocol/plan.ts';
import type { Mark, Progress } from './progress.ts';
import { duration, outcomeText, type Paint, shortDigests, sign } from './words.ts';

export function renderTree(progress: Progress, nowMs: number, paint: Paint, columns: number): string {
  const { plan } = progress;
  if (plan === undefined) return 'waiting for the coordinator';
  const lines = plan.stages.flatMap((stage, index) => stageLines(progress, stage, index, nowMs, paint));
  const foot = footer(progress, paint);
  return [...lines, ...(foot === undefined ? [] : ['', foot])].map((text) => clip(shortDigests(text), columns)).join('\n');
}

function stageLines(progress: Progress, stage: Stage, index: number, nowMs: number, paint: Paint): readonly string[] {
  const seen = progress.stages.get(stage.id);
  const mark: Mark = seen?.mark ?? 'pending';
  const took = seen === undefined ? '' : paint('dim', `  ${duration((seen.endedAtMs ?? nowMs) - seen.startedAtMs)}`);
  const head = `${sign(mark, paint)} ${index + 1}/${progress.plan?.stages.length ?? 0} ${stage.title}${took}`;
  if (mark !== 'doing') return [head];
  return [
    head,
    ...gateLines(progress, `${stage.id}/enter`, stage.enter, '    ', paint),
    ...stage.waves.flatMap((wave, number) => waveLines(progress, stage, wave, number, paint)),
    ...gateLines(progress, `${stage.id}/exit`, stage.exit, '    ', paint),
  ];
}

function waveLines(progress: Progress, stage: Stage, wave: Wave, index: number, paint: Paint): readonly string[] {
  const marks = wave.steps.map(({ id }) => progress.steps.get(id)?.mark ?? 'pending');
  const mark = summary(marks);
  const head = `    ${sign(mark, paint)} wave ${index + 1}/${stage.waves.length}: ${wave.title}`;
  const gates = [
    ...gateLines(progress, `${stage.id}/${index}/exit`, wave.exit, '        ', paint),
    ...gateLines(progress, `${stage.id}/${index}/back`, wave.back, '        ', paint),
  ];
  const settled = (mark === 'done' || mark === 'undone' || mark === 'pending') && gates.length === 0;
  return settled ? [head] : [head, ...wave.steps.map((step) => stepLine(progress, step, paint)), ...gates];
}

function stepLine(progress: Progress, step: Step, paint: Paint): string {
  const seen = progress.steps.get(step.id);
  return `        ${sign(seen?.mark ?? 'pending', paint)} ${step.host}  ${step.title}${seen?.why ? paint('dim', `  ${seen.why}`) : ''}`;
}

/** Gates that were opened and do not pass yet, or passed with a remark. */
function gateLines(progress: Progress, prefix: string, uses: readonly GateUse[], indent: string, paint: Paint): readonly string[] {
  return uses.flatMap((use, index) => {
    const seen = progress.gates.get(`${prefix}/${index}`);
    if (seen === undefined || seen.verdict.is === 'pass') return [];
    const { verdict } = seen;
    return [
      `${indent}${sign(verdict.is === 'fail' ? 'failed' : verdict.is === 'skip' ? 'skipped' : 'waiting', paint)} ${use.title}: ${paint('dim', verdict.why)}`,
    ];
  });
}

export function summary(marks: readonly Mark[]): Mark {
  for (const mark of ['failed', 'doing', 'waiting'] as const) if (marks.includes(mark)) return mark;
  const [first] = marks;
  return first !== undefined && marks.every((mark) => mark === first) ? first : marks.some((mark) => mark !== 'pending') ? 'doing' : 'pending';
}

function footer({ standing, ended, direction }: Progress, paint: Paint): string | undefined {
  if (ended !== undefined) return outcomeText(ended.outcome, ended.why);
  if (standing.is !== 'running') return paint('yellow', outcomeText(standing.is, standing.why));
  return direction === 'back' ? paint('yellow', 'going back') : undefined;
}

/** Colours take no room; one that is cut off is ended. */
export function clip(text: string, columns: number): string {
  if (columns < 20 || stripVTControlCharacters(text).length <= columns) return text;
  let room = columns - 1;
  let clipped = '';
  for (const [part] of text.matchAll(PARTS)) {
    if (part.startsWith('\u001b')) clipped += part;
    else if (room > 0) {
      clipped += [...part].slice(0, room).join('');
      room -= part.length;
      if (room <= 0) clipped += '…';
    }
  }
  return clipped;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one.
const PARTS = /\u001b\[[0-9;]*m|[^\u001b]+/g;
