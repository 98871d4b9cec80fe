/** The matrix for people, as a Markdown table: points there are, points that were tried, points that were survived. */
import type { Matrix, Result } from './matrix.ts';
import { PHASES, WHO } from './matrix.ts';

const HEAD = ['process', 'phase', 'points', 'killed at', 'survived'] as const;

export function tableOf({ enumerated, results, wanted }: Matrix, tookMs: number): string {
  const rows = WHO.flatMap((who) =>
    PHASES.flatMap((phase) => {
      const of = (again: boolean): readonly Result[] =>
        results.filter((result) => result.who === who && result.phase === phase && result.again === again);
      const points = enumerated.find((each) => each.who === who && each.phase === phase)?.points.length ?? 0;
      const name = who === 'coordinator' ? who : `agent ${who}`;
      return [row(name, phase, points, of(false)), row(name, `${phase}, again in recovery`, undefined, of(true))];
    }),
  );
  const total = row('all', '', undefined, results);
  const failed = results
    .filter(({ survived }) => !survived)
    .map(({ who, phase, point, problems, folder }) => `${who} ${phase} ${point}: ${problems.join('; ')} (${folder})`);
  const lines = [HEAD, HEAD.map(() => '---'), ...rows, total].map((cells) => `| ${cells.join(' | ')} |`);
  const took = `${results.length} of ${wanted} runs in ${Math.floor(tookMs / 60_000)} min ${Math.round((tookMs % 60_000) / 1000)} s.`;
  return `${[...lines, '', took, ...failed.map((line) => `FAILED ${line}`)].join('\n')}\n`;
}

/** Points of recovery are counted as they are chosen, each once. */
const row = (name: string, phase: string, points: number | undefined, results: readonly Result[]): readonly string[] => [
  name,
  phase,
  String(points ?? results.length),
  String(results.length),
  String(results.filter(({ survived }) => survived).length),
];
