/** The table of a run, as the documentation prints it. Pure. */
import type { CaseResult } from './under-fire.ts';

const HEAD = ['case', 'what was done', 'rollout', 'requests failed', 'longest gap', 'time', ''] as const;

export function tableOf(results: readonly CaseResult[]): string {
  const rows = results.map((result) => [
    result.name,
    result.fault,
    result.course,
    `${result.failed} of ${result.requests}${result.takesAway === '' ? '' : ` (${result.takesAway})`}`,
    `${(result.longestGapMs / 1000).toFixed(1)} s`,
    `${result.seconds} s`,
    result.wrong.length === 0 ? 'survived' : 'NOT SURVIVED',
  ]);
  return [HEAD, HEAD.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}
