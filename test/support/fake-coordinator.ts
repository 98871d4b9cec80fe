/**
 * A coordinator that decides nothing: its rollout does what the test tells it. Served by the real gRPC server, so that everything between
 * a command line and the service is the real thing.
 */
import { digest } from '@reberth/protocol/canonical.ts';
import { ReberthError } from '@reberth/protocol/errors.ts';
import type { EventBody, RolloutEvent } from '@reberth/protocol/event.ts';
import { digestOf, rolloutId } from '@reberth/protocol/ids.ts';
import type { Plan } from '@reberth/protocol/plan.ts';
import type {
  CoordinatorService,
  DoctorFinding,
  HealthReport,
  HostRow,
  OperatorCommand,
  RolloutState,
  Status,
} from '../../packages/coordinator/src/api/service.ts';
import type { PlanMade } from '../../packages/coordinator/src/planning/make-plan.ts';

export const ROLLOUT = rolloutId('r-20261123-093012-4f1a');
export const NOW_MS = Date.parse('2026-11-23T09:30:12Z');

export interface FakeCoordinator extends CoordinatorService {
  /** What was asked, in order: `apply by operator`, `pause`. */
  readonly asked: readonly string[];
  record(...bodies: readonly EventBody[]): void;
  /** Streams that wait for the next event. */
  watchers(): number;
  /** What happens when an operator asks for this; otherwise only the ask is recorded. */
  answers: Partial<Record<OperatorCommand | 'apply', () => void>>;
  made: PlanMade;
  findings: readonly DoctorFinding[];
  fails: Error | undefined;
}

const ROW: HostRow = { id: '192.0.2.41', state: 'well', agentVersion: '0.1.0', heardSecondsAgo: 1, bootId: 'b', openSteps: [], problems: [] };

export function fakeCoordinator(plan: Plan): FakeCoordinator {
  const stored: RolloutEvent[] = [];
  const asked: string[] = [];
  let watching = 0;
  let wake = Promise.withResolvers<void>();

  const record = (...bodies: readonly EventBody[]) => {
    for (const body of bodies) stored.push({ rollout: ROLLOUT, seq: stored.length + 1, atMs: NOW_MS + stored.length, body });
    wake.resolve();
    wake = Promise.withResolvers();
  };
  const state = (): RolloutState => {
    for (const { body } of stored.toReversed()) {
      if (body.type === 'ended') return body.outcome;
      if (body.type === 'held') return 'held';
      if (body.type === 'paused') return 'paused';
      if (body.type === 'resumed' || body.type === 'undo-asked' || body.type === 'abort-asked' || body.type === 'created') return 'running';
    }
    return 'none';
  };
  const status = (): Status => ({
    rollout: stored.length === 0 ? '' : ROLLOUT,
    state: state(),
    text: 'where it stands',
    next: state() === 'none' ? 'reberth plan --to ADDRESS' : `reberth watch ${ROLLOUT}`,
    detail: {},
  });
  const service: FakeCoordinator = {
    asked,
    record,
    watchers: () => watching,
    answers: {},
    made: { ok: true, plan },
    findings: [],
    fails: undefined,
    async makePlan(wish, note) {
      asked.push(`plan to ${wish.to}`);
      note('asking every host');
      if (service.fails !== undefined) throw service.fails;
      return service.made;
    },
    async apply(approved, planDigest, { by, holdAfter }) {
      if (service.fails !== undefined) throw service.fails;
      asked.push(`apply by ${by}${holdAfter === undefined ? '' : ` holding after ${holdAfter}`}`);
      record({ type: 'created', plan: approved, planDigest: digestOf(planDigest), by, epoch: 1, holdAfter });
      service.answers.apply?.();
      return ROLLOUT;
    },
    async command(command, rollout, by) {
      asked.push(command);
      if (command === 'pause') record({ type: 'paused', by });
      if (command === 'resume') record({ type: 'resumed', by });
      if (command === 'abort') record({ type: 'abort-asked', by });
      if (command === 'undo') record({ type: 'undo-asked', by });
      if (rollout !== '' && rollout !== ROLLOUT) throw new ReberthError('rollout-unknown', `cannot ${command} ${rollout}: there is no such rollout`);
      service.answers[command]?.();
      return status();
    },
    status: async () => status(),
    async *events(_rollout, afterSeq, follow, signal) {
      for (let next = afterSeq; !signal.aborted; ) {
        for (const event of stored.slice(next)) yield event;
        next = stored.length;
        if (!follow || ['done', 'rolled-back', 'failed', 'held'].includes(state())) return;
        const aborted = Promise.withResolvers<void>();
        signal.addEventListener('abort', () => aborted.resolve(), { once: true });
        watching += 1;
        await Promise.race([wake.promise, aborted.promise]);
        watching -= 1;
      }
    },
    report: async () => ({
      rollout: ROLLOUT,
      planDigest: digest(plan),
      outcome: 'done',
      why: '',
      strategy: plan.strategy,
      from: plan.from,
      to: plan.to,
      startedAt: '2026-11-23T09:30:12.000Z',
      endedAt: '2026-11-23T09:31:12.000Z',
      stages: [
        { id: 'one', title: 'widen <both>', outcome: 'done', startedAt: '2026-11-23T09:30:12.000Z', endedAt: '2026-11-23T09:30:15.000Z', gates: [] },
      ],
      hosts: [{ id: '192.0.2.41', roles: ['lb'], steps: [{ id: 'one/0/a', kind: 'test', title: 'widen', outcome: 'done', why: '' }] }],
      availability: [
        { endpoint: '192.0.2.39:8443', observer: '192.0.2.41', stage: 'one', probes: 600, failed: 0, longestGapMs: 0, heldBroken: 0, slowestMs: 12 },
      ],
      stragglers: [],
      nodes: [{ name: '192.0.2.43', uidBefore: 'u', uidAfter: 'u', podsRestarted: 0 }],
    }),
    hosts: async () => [ROW],
    async facts(host) {
      throw new ReberthError('host-silent', `cannot ask ${host}: it has not answered for 5 s`);
    },
    doctor: async () => service.findings,
    health: async (): Promise<HealthReport> => ({
      atMs: NOW_MS,
      level: 'ok',
      rollout: status(),
      hosts: [ROW],
      endpoints: [],
      nodes: [{ name: '192.0.2.43', ready: true, why: '' }],
      problems: [],
    }),
  };
  return service;
}
