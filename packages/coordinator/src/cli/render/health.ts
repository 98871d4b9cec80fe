/** A health report for people: verdict first, then hosts, Nodes and endpoints, each in a line; details only where something is wrong. Pure. */
import type { HealthReport } from '../../api/service.ts';
import { count, duration, type Paint, sign } from './words.ts';

const MARKS = { ok: 'done', warning: 'waiting', problem: 'failed' } as const;

export function renderHealth({ atMs, level, rollout, hosts, nodes, endpoints, problems }: HealthReport, paint: Paint): string {
  const unwell = hosts.filter(({ state }) => state !== 'well');
  const notReady = nodes.filter(({ ready }) => !ready);
  const lines = [
    `${sign(MARKS[level], paint)} ${paint('bold', level)}  ${new Date(atMs).toISOString()}`,
    `  rollout    ${rollout.state === 'none' ? 'none' : `${rollout.rollout} ${rollout.state}${rollout.text === '' ? '' : `: ${rollout.text}`}`}`,
    `  hosts      ${hosts.length - unwell.length} of ${hosts.length} well`,
    ...unwell.map(({ id, state, problems: own }) => `             ${id}: ${state}${own.length === 0 ? '' : `: ${own.join('; ')}`}`),
    `  nodes      ${nodes.length - notReady.length} of ${nodes.length} ready`,
    ...notReady.map(({ name, why }) => `             ${name}: ${why}`),
    ...endpoints.map(
      ({ endpoint, observer, probes, failed, longestGapMs }) =>
        `  ${endpoint}  seen from ${observer}: ${count(probes, 'request')}, ${failed} failed${failed === 0 ? '' : `, longest gap ${duration(longestGapMs)}`}`,
    ),
    ...problems.map((problem) => `  ${paint('red', problem)}`),
    ...(rollout.next === '' ? [] : [`next:  ${rollout.next}`]),
  ];
  return `${lines.join('\n')}\n`;
}
