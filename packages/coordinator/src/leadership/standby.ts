/**
 * What a coordinator that does not lead offers to operators: looking at hosts and planning like any other, its standing as status, and a
 * refusal that names the leader for everything that is the leader's to answer.
 */
import { ReberthError } from '@reberth/protocol/errors.ts';
import type { CoordinatorService, HealthReport, Status } from '../api/service.ts';
import type { Executor } from '../executor/executor.ts';
import type { Standing } from './leadership.ts';

/** For people: `standby of host-41`. */
export const standingText = (standing: Standing): string => {
  if (standing.is === 'leader') return 'leader';
  if (standing.is === 'out') return 'no leader any more, ending';
  return standing.of === '' ? 'standby, and nobody leads yet' : `standby of ${standing.of}`;
};

export function standbyStatus(standing: Standing): Status {
  const of = standing.is === 'standby' ? standing.of : '';
  return {
    rollout: '',
    state: 'none',
    text: standingText(standing),
    next: of === '' ? 'reberth status' : `reberth status on ${of}`,
    detail: { standbyOf: of },
  };
}

export function notLeading(standing: Standing): ReberthError {
  const of = standing.is === 'standby' ? standing.of : '';
  return new ReberthError('rollout-state', `cannot do this here: this coordinator is ${standingText(standing)}`, {
    hint: of === '' ? 'reberth status' : `the same command on ${of}`,
  });
}

/** `executor` is there once this one leads. */
export function executorWhenLeading(standing: () => Standing, executor: () => Executor | undefined): Executor {
  const leading = (): Executor => {
    const now = executor();
    if (now === undefined) throw notLeading(standing());
    return now;
  };
  return {
    begin: async (plan, digest, options) => leading().begin(plan, digest, options),
    command: async (rollout, command, by) => leading().command(rollout, command, by),
    state: (rollout) => leading().state(rollout),
    events: (rollout, afterSeq, live, signal) => leading().events(rollout, afterSeq, live, signal),
    reported: (report) => executor()?.reported(report),
    get epoch() {
      return executor()?.epoch ?? 0;
    },
    stop: () => executor()?.stop(),
  };
}

/** Status and health are answered here too; everything else by the service itself, or refused by its executor. */
export function withStandby(
  service: CoordinatorService,
  { standing, leads }: { standing(): Standing; leads(): boolean },
  health: (status: Status, signal: AbortSignal) => Promise<HealthReport>,
): CoordinatorService {
  return {
    ...service,
    status: async (rollout) => (leads() ? service.status(rollout) : standbyStatus(standing())),
    health: (signal) => (leads() ? service.health(signal) : health(standbyStatus(standing()), signal)),
  };
}
