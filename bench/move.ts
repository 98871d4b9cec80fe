/**
 * The last move of a lab, forward only: how long it took, stage by stage, and how much of it nobody could have saved. Those waits are named:
 * elections of VRRP that its own timers dictate, times for which a gate has to see things stay well, a service that starts again, and a
 * Node's lease that is renewed when the kubelet pleases. Read from the record of the rollout; nothing is moved for it.
 */
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import type { Facts } from '@reberth/protocol/facts.ts';
import { type GateUse, type Plan, type Step, stepsOf } from '@reberth/protocol/plan.ts';
import { type Lab, openLab } from '../lab/src/index.ts';
import { gateUse } from '../packages/coordinator/src/rollout/course.ts';
import { type Part, type Result, row } from './lib/result.ts';

const COORDINATOR = '.41';

export async function move(options: { readonly lab: string; readonly rollout: string }): Promise<Result> {
  const lab = openLab({ name: options.lab });
  const report = JSON.parse(await said(lab, 'report', '--format', 'json', ...(options.rollout === '' ? [] : [options.rollout]))) as {
    readonly rollout: string;
  };
  const record = await said(lab, 'watch', report.rollout, '--json');
  const events = forward(record.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as RolloutEvent] : [])));
  const plan = planOf(events);
  const parts = stages(events);
  const totalS = sum(parts);
  const waits = [
    { what: 'VRRP elections, each 3 x advert_int + skew', measured: await electionsS(lab, plan), unit: 's' },
    { what: 'gates that must see things stay well', measured: heldForS(plan), unit: 's' },
    { what: 'leases renewed when the kubelet pleases', measured: leasesS(plan, events), unit: 's' },
    { what: 'services restarting until they are well again', measured: restartsS(plan, events), unit: 's' },
  ];
  return {
    name: 'move',
    compares: 'a whole move, forward, against the sum of the waits that no coordinator could save',
    runs: `one move (${report.rollout})`,
    rows: [row('the move', 's', totalS, { what: 'unavoidable waits', measured: sum(waits) })],
    parts: [
      ...parts.map((part) => ({ ...part, what: `stage ${part.what}` })),
      ...waits.map((part) => ({ ...part, what: `unavoidable: ${part.what}` })),
    ],
  };
}

async function said(lab: Lab, ...argv: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await lab.exec(COORDINATOR, ['/usr/bin/timeout', '30', '/opt/reberth/bin/reberth', ...argv]);
  if (code !== 0 && stdout === '')
    throw new Error(
      `cannot read the last rollout of lab ${lab.name}: reberth ${argv.join(' ')}: ${stderr.trim()}; is the lab up, and was there a move?`,
    );
  return stdout;
}

/** Up to the end, or to the moment at which it was taken back. */
function forward(events: readonly RolloutEvent[]): readonly RolloutEvent[] {
  const end = events.findIndex(({ body }) => body.type === 'ended' || body.type === 'turned-back');
  const done = end === -1 ? undefined : events[end];
  if (done?.body.type !== 'ended' || done.body.outcome !== 'done')
    throw new Error('cannot measure this rollout: it did not come to its end forward; name one that did with --rollout, or move the lab first');
  return events.slice(0, end + 1);
}

function planOf(events: readonly RolloutEvent[]): Plan {
  const body = events[0]?.body;
  if (body?.type !== 'created') throw new Error('cannot measure this rollout: its record has no beginning');
  return body.plan;
}

const sum = (parts: readonly Part[]): number => parts.reduce((total, { measured }) => total + measured, 0);
const seconds = (ms: number): number => ms / 1_000;

function stages(events: readonly RolloutEvent[]): readonly Part[] {
  return events.flatMap(({ atMs, body }) => {
    if (body.type !== 'stage-started') return [];
    const ended = events.find((other) => other.body.type === 'stage-ended' && other.body.stage === body.stage);
    return ended === undefined ? [] : [{ what: body.stage, measured: seconds(ended.atMs - atMs), unit: 's' }];
  });
}

/** Where the new address appears: the first load balancer elects itself, the second takes over from it. Each by its own timers. */
async function electionsS(lab: Lab, plan: Plan): Promise<number> {
  const hosts = new Set([...stepsOf(plan)].flatMap(({ step }) => (addsInstance(step) ? [step.host] : [])));
  let totalS = 0;
  for (const host of hosts) {
    const { keepalived } = JSON.parse(await said(lab, 'facts', host, '--json')) as Facts;
    totalS += Math.max(0, ...(keepalived?.instances ?? []).map(({ advertIntS, priority }) => 3 * advertIntS + (256 - priority) / 256));
  }
  return totalS;
}

const addsInstance = ({ kind, params }: Step): boolean =>
  kind === 'vrrp-instance-loaded' && (params['change'] as { readonly op?: string } | undefined)?.op === 'add';

/** Gates of one group hold side by side. */
function heldForS(plan: Plan): number {
  const group = (uses: readonly GateUse[]): number => Math.max(0, ...uses.map(({ holdForMs }) => holdForMs));
  return seconds(
    plan.stages.reduce(
      (total, { enter, waves, exit }) => total + group(enter) + group(exit) + waves.reduce((all, wave) => all + group(wave.exit), 0),
      0,
    ),
  );
}

function leasesS(plan: Plan, events: readonly RolloutEvent[]): number {
  return events.reduce((total, { atMs, body }) => {
    if (body.type !== 'gate-opened' || gateUse(plan, body.gate)?.params['renewedSinceOpened'] !== true) return total;
    const passed = events.find((other) => other.body.type === 'gate-judged' && other.body.gate === body.gate && other.body.verdict.is === 'pass');
    return passed === undefined ? total : total + seconds(passed.atMs - atMs);
  }, 0);
}

/** By wave, the longest chain of restarts on one host: hosts of a wave restart side by side. As the hosts themselves timed it. */
function restartsS(plan: Plan, events: readonly RolloutEvent[]): number {
  const took = new Map(
    events.flatMap(({ body }) => (body.type === 'reported' ? [[body.report.step, body.report.endedAtMs - body.report.startedAtMs] as const] : [])),
  );
  const chains = new Map<string, Map<string, number>>();
  for (const { stage, waveIndex, step } of stepsOf(plan)) {
    if (step.params['reader'] === undefined && step.kind !== 'unit-restarted') continue;
    const wave = `${stage.id}/${waveIndex}`;
    const hosts = chains.get(wave) ?? new Map<string, number>();
    chains.set(wave, hosts.set(step.host, (hosts.get(step.host) ?? 0) + (took.get(step.id) ?? 0)));
  }
  return seconds([...chains.values()].reduce((total, hosts) => total + Math.max(0, ...hosts.values()), 0));
}
