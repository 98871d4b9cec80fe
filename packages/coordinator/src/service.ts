/**
 * What operators can ask, put together from the parts that can answer: planner, executor, hosts, cluster. Thin on purpose; every judgement is
 * in a part of its own.
 */

import { ReberthError } from '@reberth/protocol/errors.ts';
import { type Facts, FactsSchema } from '@reberth/protocol/facts.ts';
import type { Digest } from '@reberth/protocol/ids.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import { isEmptyPlan } from '@reberth/protocol/plan.ts';
import * as v from 'valibot';
import type { CoordinatorService, DoctorFinding, HealthReport, HostRow, Status } from './api/service.ts';
import type { Executor } from './executor/executor.ts';
import { checkGateUse } from './gates/index.ts';
import { makePlan, type PlanningPorts } from './planning/make-plan.ts';
import { reportOf } from './rollout/report.ts';
import { noRollout, standingOf } from './rollout/standing.ts';
import type { RolloutState } from './rollout/state.ts';

export interface ServiceParts {
  readonly executor: Executor;
  readonly planning: PlanningPorts;
  hosts(): readonly HostRow[];
  doctor(signal: AbortSignal): Promise<readonly DoctorFinding[]>;
  health(status: Status, signal: AbortSignal): Promise<HealthReport>;
}

const FACTS_TIMEOUT_MS = 20_000;

export function createService({ executor, planning, hosts, doctor, health }: ServiceParts): CoordinatorService {
  const status = (rollout: string): Status => statusOf(executor.state(rollout));
  return {
    makePlan: (wish, note, signal) => makePlan(planning, wish, note, signal),
    async apply(plan, digest, { by, holdAfter }) {
      const wrong = [
        ...(plan.cluster === planning.cluster ? [] : [`it was made for cluster ${plan.cluster}, and this is ${planning.cluster}`]),
        ...(isEmptyPlan(plan) ? ['it has nothing to do'] : []),
        ...plan.hosts.filter(({ id }) => !planning.hosts.includes(id)).map(({ id }) => `it names host ${id}, which is not of this cluster`),
        ...plan.stages.flatMap(({ enter, exit, waves }) =>
          [...enter, ...exit, ...waves.flatMap((wave) => [...wave.exit, ...wave.back])].flatMap(checkGateUse),
        ),
      ];
      if (wrong.length > 0) throw new ReberthError('plan-stale', 'cannot apply this plan', { reasons: [...new Set(wrong)] });
      return executor.begin(plan, digest as Digest, { by, holdAfter });
    },
    command: async (command, rollout, by) => statusOf(await executor.command(rollout, command, by)),
    status: async (rollout) => status(rollout),
    events: (rollout, afterSeq, follow, signal) => executor.events(rollout, afterSeq, follow, signal),
    async report(rollout) {
      const state = executor.state(rollout);
      if (state === undefined) throw new ReberthError('rollout-unknown', 'cannot report: there was no rollout yet', { hint: noRollout.next });
      return reportOf(state);
    },
    hosts: async () => hosts(),
    facts: (host, signal) => factsOf(planning, host, signal),
    doctor,
    health: (signal) => health(status(''), signal),
  };
}

const statusOf = (state: RolloutState | undefined): Status =>
  state === undefined
    ? { rollout: '', ...noRollout, detail: {} }
    : { rollout: state.rollout, ...standingOf(state), detail: { unreachable: state.unreachable, direction: state.direction, epoch: state.epoch } };

async function factsOf(planning: PlanningPorts, host: string, signal: AbortSignal): Promise<Facts> {
  if (!planning.hosts.includes(hostId(host)))
    throw new ReberthError('usage', `cannot ask ${host}: known hosts are ${planning.hosts.join(', ')}`, { hint: 'reberth hosts' });
  const answer = await planning.query(hostId(host), { kind: 'facts', addresses: [] }, { timeoutMs: FACTS_TIMEOUT_MS, signal });
  if (!answer.ok) throw new ReberthError('host-silent', `cannot get facts of ${host}: ${answer.why}`);
  return v.parse(FactsSchema, answer.value);
}
