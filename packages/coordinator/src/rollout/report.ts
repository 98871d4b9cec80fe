/**
 * The report of a rollout, from its state alone: what each stage, gate and host came to, what observers measured while each address was
 * promised, and whether Nodes and pods are the same. Claims nothing that is not in the record. Pure.
 */
import type { GateKey } from '@reberth/protocol/event.ts';
import { endpointText, type Stage, stepsOf } from '@reberth/protocol/plan.ts';
import type { RolloutReport } from '@reberth/protocol/rollout-report.ts';
import { backGates, type GateOfPlan, phasesOf } from './course.ts';
import { type RolloutState, stageState, stepState } from './state.ts';

export function reportOf(state: RolloutState): RolloutReport {
  const { plan } = state;
  return {
    rollout: state.rollout,
    planDigest: state.planDigest,
    outcome: state.standing === 'ended' ? (state.outcome ?? 'failed') : state.standing,
    why: state.standing === 'running' && state.direction === 'forward' ? '' : state.why,
    strategy: plan.strategy,
    from: plan.from,
    to: plan.to,
    startedAt: iso(state.startedAtMs),
    endedAt: state.endedAtMs === undefined ? undefined : iso(state.endedAtMs),
    stages: plan.stages.map((stage) => stageReport(state, stage)),
    hosts: plan.hosts.map(({ id, roles }) => ({ id, roles: [...roles], steps: hostSteps(state, id) })),
    availability: availability(state),
    stragglers: stragglers(state),
    nodes: nodes(state),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();

function stageReport(state: RolloutState, stage: Stage): RolloutReport['stages'][number] {
  const { standing, startedAtMs, endedAtMs } = stageState(state, stage.id);
  const forward = phasesOf(stage).flatMap((phase) => (phase.is === 'gates' ? phase.gates : []));
  const judged = stage.waves.flatMap((wave, index) => backGates(stage, index, wave)).filter(({ key }) => state.gates[key] !== undefined);
  return {
    id: stage.id,
    title: stage.title,
    outcome: standing === 'undoing' ? 'running' : standing,
    startedAt: startedAtMs === undefined ? undefined : iso(startedAtMs),
    endedAt: endedAtMs === undefined ? undefined : iso(endedAtMs),
    gates: [...forward, ...judged].map((gate) => gateReport(state, gate)),
  };
}

function gateReport(state: RolloutState, { key, use }: GateOfPlan): RolloutReport['stages'][number]['gates'][number] {
  const gate = state.gates[key];
  const verdict = gate === undefined ? 'pending' : gate.gaveUp ? 'fail' : gate.verdict.is;
  return { gate: use.gate, title: use.title, verdict, why: gate !== undefined && 'why' in gate.verdict ? gate.verdict.why : '' };
}

function hostSteps(state: RolloutState, host: string): RolloutReport['hosts'][number]['steps'] {
  return [...stepsOf(state.plan)]
    .filter(({ step }) => step.host === host)
    .map(({ step }) => {
      const { standing, why } = stepState(state, step.id);
      return {
        id: step.id,
        kind: step.kind,
        title: step.title,
        outcome: standing === 'none' ? 'not started' : standing === 'asked' ? 'unknown' : standing,
        why,
      };
    });
}

/** Counts run on from stage to stage, so that each stage is the difference to the one before. A gap is told where something failed. */
function availability(state: RolloutState): RolloutReport['availability'] {
  const last = new Map<string, { readonly probes: number; readonly failed: number; readonly heldBroken: number }>();
  return state.measured.flatMap(({ stage, observer, observations }) =>
    observations.flatMap((seen) => {
      const key = `${observer} ${endpointText(seen)}`;
      const before = last.get(key);
      // Fewer than before: the observer began anew, and everything it counts is of this stage.
      const since = before !== undefined && before.probes <= seen.probes ? before : { probes: 0, failed: 0, heldBroken: 0 };
      last.set(key, seen);
      const probes = seen.probes - since.probes;
      const failed = seen.failed - since.failed;
      const heldBroken = seen.heldBroken - since.heldBroken;
      const longestGapMs = failed === 0 ? 0 : seen.longestGapMs;
      return probes === 0 && heldBroken === 0
        ? []
        : [{ endpoint: endpointText(seen), observer, stage, probes, failed, longestGapMs, heldBroken, slowestMs: seen.slowestMs }];
    }),
  );
}

/** Named by the gate that let them lose the address. */
function stragglers(state: RolloutState): RolloutReport['stragglers'] {
  const accepted = Object.entries(state.gates).flatMap(([key, { verdict }]): [GateKey, string][] =>
    verdict.is === 'skip' && /^accepted: /.test(verdict.why) ? [[key, verdict.why]] : [],
  );
  return accepted.flatMap(([, why]) =>
    why
      .replace(/^accepted: /, '')
      .split(', ')
      .map((peer) => ({ peer, endpoint: endpointText(state.plan.from), seenBy: 'load balancers' })),
  );
}

function nodes({ before, after }: RolloutState): RolloutReport['nodes'] {
  if (before === undefined || after === undefined) return [];
  return before.nodes.map(({ name, uid }) => {
    const pods = before.pods.filter(({ node }) => node === name);
    const restarted = pods.filter((pod) => {
      const now = after.pods.find(({ namespace, name: podName }) => namespace === pod.namespace && podName === pod.name);
      return now === undefined ? pod.owner !== 'Job' : now.uid !== pod.uid || now.restarts > pod.restarts;
    });
    return { name, uidBefore: uid, uidAfter: after.nodes.find((node) => node.name === name)?.uid ?? '', podsRestarted: restarted.length };
  });
}
