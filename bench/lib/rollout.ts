/** The events of a whole, lucky rollout over as many hosts as wished: what the executor would write down, made by the decider itself. Pure. */
import { decide } from '@reberth/coordinator/rollout/decide.ts';
import { reduce } from '@reberth/coordinator/rollout/reduce.ts';
import type { RolloutState } from '@reberth/coordinator/rollout/state.ts';
import type { EventBody, RolloutEvent } from '@reberth/protocol/event.ts';
import { digestOf, rolloutId } from '@reberth/protocol/ids.ts';
import type { Plan, Step } from '@reberth/protocol/plan.ts';
import { gate, plan, stage, step, wave } from '../../test/support/plan.ts';
import { aReport } from './asks.ts';

/** Shaped like a rolling move: staged on all, then a canary of one, then waves of a quarter of the rest, three steps on each host. */
export function fleetPlan(size: number): Plan {
  const hosts = Array.from({ length: size }, (_, at) => `host-${at}`);
  const quarter = Math.max(1, Math.ceil((size - 1) / 4));
  const groups = [hosts.slice(0, 1), ...Array.from({ length: 4 }, (_, at) => hosts.slice(1 + at * quarter, 1 + (at + 1) * quarter))];
  const steps = (names: readonly string[], ...kinds: readonly string[]): readonly Step[] =>
    names.flatMap((host) => kinds.map((kind) => step(`${host}/${kind}`)));
  const gates = { exit: [gate('nodes-ready'), gate('proxy-healthy'), gate('old-endpoint-quiet')] };
  return plan([
    stage('widen', [wave('all', steps(hosts, 'stage'), gates)]),
    stage(
      'switch',
      groups.filter((group) => group.length > 0).map((group, at) => wave(`w${at}`, steps(group, 'kube-proxy', 'kubelet', 'kubectl'), gates)),
    ),
    stage('narrow', [wave('all', steps(hosts, 'remove'), gates)]),
  ]);
}

/** Does whatever is wanted, at once and with success, until nothing is. */
export function aRollout(size: number): readonly RolloutEvent[] {
  const events: RolloutEvent[] = [];
  let state: RolloutState | undefined;
  const append = (body: EventBody): void => {
    const event: RolloutEvent = { rollout: rolloutId('r-1'), seq: events.length + 1, atMs: events.length * 10, body };
    events.push(event);
    state = reduce(state, event);
  };
  append({ type: 'created', plan: fleetPlan(size), planDigest: digestOf('0'.repeat(64)), by: 'bench', epoch: 1 });
  while (state !== undefined && state.standing !== 'ended') {
    const bodies = decide(state).flatMap((command): readonly EventBody[] => {
      if (command.do === 'record') return [command.body];
      if (command.do === 'judge') return [{ type: 'gate-judged', gate: command.gate.key, verdict: { is: 'pass' } }];
      if (command.do !== 'ask') return [];
      const { step: asked, operation, attempt } = command;
      return [
        { type: 'asked', step: asked.id, operation, attempt, counter: events.length },
        { type: 'reported', report: aReport(attempt, asked.host, asked.id) },
      ];
    });
    if (bodies.length === 0) throw new Error('cannot make a rollout: nothing is wanted and it has not ended');
    for (const body of bodies) append(body);
  }
  return events;
}
