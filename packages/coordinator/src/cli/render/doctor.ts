/** Findings for people, problems last, each with what to do about it. Pure. */
import type { DoctorFinding } from '../../api/service.ts';
import { count, type Paint, sign } from './words.ts';

const MARKS = { ok: 'done', warning: 'waiting', problem: 'failed' } as const;
const ORDER = ['ok', 'warning', 'problem'] as const;

export function renderDoctor(findings: readonly DoctorFinding[], paint: Paint): string {
  const sorted = findings.toSorted((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
  const lines = sorted.flatMap(({ subject, level, text, next }) => [
    `${sign(MARKS[level], paint)} ${subject}: ${text}`,
    ...(next === '' ? [] : [`    next:  ${next}`]),
  ]);
  const problems = findings.filter(({ level }) => level === 'problem').length;
  const verdict = problems === 0 ? 'nothing stands against a move' : paint('red', `${count(problems, 'problem')}: a plan would be refused`);
  return `${[...lines, '', verdict].join('\n')}\n`;
}
