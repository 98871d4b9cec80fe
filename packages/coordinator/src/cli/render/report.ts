/**
 * The report for people: how it ended and why, how long each stage took, what every observer saw of both addresses, whether Nodes and pods
 * are the same, and who still used the old address. Pure.
 */
import { endpointText } from '@reberth/protocol/plan.ts';
import type { RolloutReport } from '@reberth/protocol/rollout-report.ts';
import { table } from './table.ts';
import { count, duration, outcomeText, type Paint, shortDigests } from './words.ts';

export function renderReport(report: RolloutReport, paint: Paint): string {
  const lines = [
    paint('bold', `${report.rollout}: ${outcomeText(report.outcome, report.why)}`),
    `${endpointText(report.from)} → ${endpointText(report.to)}, strategy ${report.strategy}, plan ${report.planDigest.slice(0, 12)}`,
    `${report.startedAt}${report.endedAt === undefined ? '' : ` → ${report.endedAt} (${between(report.startedAt, report.endedAt)})`}`,
    '',
    paint('bold', 'Stages'),
    ...report.stages.map(
      ({ title, outcome, startedAt, endedAt }) =>
        // What was taken back lasted from its start to the end of the way back: no time that a stage took.
        `  ${outcome.padEnd(8)} ${(startedAt !== undefined && endedAt !== undefined && outcome !== 'undone' ? between(startedAt, endedAt) : '').padStart(10)}  ${title}`,
    ),
    ...remarks(report),
    '',
    paint('bold', 'Hosts'),
    ...columns(report.hosts.map(({ id, roles, steps }) => [id, roles.join(', '), tally(steps.map(({ outcome }) => outcome))])),
    ...report.hosts.flatMap(({ id, steps }) =>
      steps.filter(({ outcome }) => outcome === 'failed' || outcome === 'refused').map(({ title, why }) => `    ${id}: ${title}: ${why}`),
    ),
    '',
    paint('bold', 'Availability'),
    ...availability(report),
    '',
    paint('bold', 'Nodes and pods'),
    ...nodes(report),
    ...(report.stragglers.length === 0
      ? []
      : [
          '',
          paint('bold', 'Still on the old address when it was withdrawn'),
          ...report.stragglers.map(({ peer, seenBy }) => `  ${peer} (seen by ${seenBy})`),
        ]),
  ];
  return `${shortDigests(lines.join('\n'))}\n`;
}

/** As wide as their widest cell. */
const columns = (rows: readonly (readonly string[])[]): readonly string[] =>
  table(['', '', ''], rows)
    .slice(1)
    .map((row) => `  ${row}`);

const between = (from: string, to: string): string => duration(Date.parse(to) - Date.parse(from));

function remarks({ stages }: RolloutReport): readonly string[] {
  const told = stages.flatMap(({ gates }) => gates.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'pending'));
  return told.map(({ title, verdict, why }) => `           ${verdict}: ${title}: ${why}`);
}

function tally(outcomes: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return [...counts].map(([outcome, n]) => `${n} ${outcome}`).join(', ');
}

/** Summed per endpoint: an operator asks first whether anything failed at all. */
function availability({ availability: rows }: RolloutReport): readonly string[] {
  const endpoints = [...new Set(rows.map(({ endpoint }) => endpoint))];
  if (endpoints.length === 0) return ['  nothing was measured'];
  return endpoints.map((endpoint) => {
    const own = rows.filter((row) => row.endpoint === endpoint);
    const probes = own.reduce((sum, row) => sum + row.probes, 0);
    const failed = own.reduce((sum, row) => sum + row.failed, 0);
    const gap = Math.max(...own.map(({ longestGapMs }) => longestGapMs));
    const broken = own.reduce((sum, row) => sum + row.heldBroken, 0);
    const slowest = Math.max(...own.map(({ slowestMs }) => slowestMs));
    const observers = count(new Set(own.map(({ observer }) => observer)).size, 'observer');
    return `  ${endpoint.padEnd(22)} ${count(probes, 'request')} from ${observers}, ${failed} failed${failed === 0 ? '' : `, longest gap ${duration(gap)}`}, the slowest took ${duration(slowest)}; ${broken} of the held connections broken`;
  });
}

function nodes({ nodes: rows, endedAt }: RolloutReport): readonly string[] {
  if (rows.length === 0)
    return [endedAt === undefined ? '  compared when the rollout ends' : '  not compared: the cluster did not answer at the end'];
  const replaced = rows.filter(({ uidBefore, uidAfter }) => uidBefore !== uidAfter);
  const restarted = rows.reduce((sum, { podsRestarted }) => sum + podsRestarted, 0);
  return [
    `  ${count(rows.length, 'Node')}: ${replaced.length === 0 ? 'all the same objects' : `${replaced.map(({ name }) => name).join(', ')} replaced`}; ${restarted === 0 ? 'no pod restarted' : `${count(restarted, 'pod')} restarted`}`,
  ];
}
