/** The report as one HTML page that needs nothing else: to keep, to mail, to attach to a change. Everything in it is escaped. Pure. */
import { endpointText } from '@reberth/protocol/plan.ts';
import type { RolloutReport } from '@reberth/protocol/rollout-report.ts';

export function renderReportHtml(report: RolloutReport): string {
  const title = `${report.rollout}: ${report.outcome}`;
  const stages = report.stages.map(({ title: name, outcome, startedAt, endedAt, gates }) => [
    name,
    outcome,
    startedAt ?? '',
    endedAt ?? '',
    gates
      .filter(({ why }) => why !== '')
      .map(({ title: gate, why }) => `${gate}: ${why}`)
      .join('; '),
  ]);
  const steps = report.hosts.flatMap(({ id, steps: own }) => own.map(({ title: name, outcome, why }) => [id, name, outcome, why]));
  const availability = report.availability.map(({ endpoint, observer, stage, probes, failed, longestGapMs, heldBroken }) => [
    endpoint,
    observer,
    stage,
    probes,
    failed,
    `${longestGapMs} ms`,
    heldBroken,
  ]);
  const nodes = report.nodes.map(({ name, uidBefore, uidAfter, podsRestarted }) => [
    name,
    uidBefore === uidAfter ? 'same object' : 'replaced',
    podsRestarted,
  ]);
  const stragglers = report.stragglers.map(({ peer, endpoint, seenBy }) => [peer, endpoint, seenBy]);
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>${safe(title)}</title>
<style>body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #ddd;vertical-align:top}</style>
<h1>${safe(title)}</h1>
<p>${safe(report.why)}</p>
<p>${safe(`${endpointText(report.from)} → ${endpointText(report.to)}, strategy ${report.strategy}, plan ${report.planDigest}`)}<br>${safe(report.startedAt)} – ${safe(report.endedAt ?? 'not ended')}</p>
${section('Stages', ['stage', 'outcome', 'from', 'to', 'remarks'], stages)}${section('Availability', ['endpoint', 'seen from', 'stage', 'requests', 'failed', 'longest gap', 'held connections broken'], availability)}${section('Nodes', ['node', 'object', 'pods restarted'], nodes)}${section('Still on the old address', ['client', 'endpoint', 'seen by'], stragglers)}${section('Steps', ['host', 'step', 'outcome', 'remarks'], steps)}</html>
`;
}

function section(title: string, head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  if (rows.length === 0) return '';
  const row = (cells: readonly (string | number)[], tag: string) =>
    `<tr>${cells.map((cell) => `<${tag}>${safe(String(cell))}</${tag}>`).join('')}</tr>`;
  return `<h2>${safe(title)}</h2>\n<table>\n${[row(head, 'th'), ...rows.map((cells) => row(cells, 'td'))].join('\n')}\n</table>\n`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const safe = (text: string): string => text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
