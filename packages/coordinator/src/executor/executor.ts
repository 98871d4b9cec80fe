/**
 * All rollouts of this cluster: those that ended, for reports, and at most one that is under way. On start the stored one is taken over
 * under a new epoch and driven on.
 */
import { randomBytes } from 'node:crypto';
import type { Report } from '@reberth/protocol/ask.ts';
import { ReberthError } from '@reberth/protocol/errors.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import { type Digest, type RolloutId, rolloutId, type StageId } from '@reberth/protocol/ids.ts';
import type { Plan } from '@reberth/protocol/plan.ts';
import { type OperatorCommand, operatorEvent } from '../rollout/operator.ts';
import { reduce, replay } from '../rollout/reduce.ts';
import type { RolloutState } from '../rollout/state.ts';
import type { ExecutorPorts } from './ports.ts';
import { type Commanding, createRun, type Run } from './run.ts';

export interface Executor {
  begin(plan: Plan, planDigest: Digest, options: { readonly by: string; readonly holdAfter: StageId | undefined }): Promise<RolloutId>;
  command(rollout: string, command: OperatorCommand, by: string): Promise<RolloutState>;
  /** An empty id means the latest. `undefined`: there is none at all. Throws `rollout-unknown` for a name that nobody knows. */
  state(rollout: string): RolloutState | undefined;
  events(rollout: string, afterSeq: number, live: boolean, signal: AbortSignal): AsyncIterable<RolloutEvent>;
  reported(report: Report): void;
  readonly epoch: number;
  stop(): void;
}

export async function createExecutor(ports: ExecutorPorts): Promise<Executor> {
  const { store, clock, log } = ports;
  const epoch = await store.takeEpoch();
  const runs = new Map<RolloutId, Run>();
  let counter = 0;
  const commanding: Commanding = {
    epoch,
    nextCounter() {
      counter += 1;
      return counter;
    },
  };

  for (const rollout of await store.rollouts()) {
    const events = await store.read(rollout);
    const state = replay(events);
    if (state === undefined) continue;
    const run = createRun(ports, state, events, commanding);
    runs.set(rollout, run);
    if (state.standing === 'ended') continue;
    log.info({ rollout, epoch }, 'taking over a rollout that is under way');
    // Whoever began it may have died before he looked; later there is nothing left to compare with.
    const unseen = state.before === undefined && Object.keys(state.steps).length === 0;
    const before = unseen ? await ports.snapshot(AbortSignal.timeout(10_000)) : undefined;
    if (before?.ok === false) log.warn({ rollout, why: before.why }, 'cannot see how the cluster was before the first change');
    const looked = before?.ok === true ? before.value : undefined;
    await run.propose(() => (looked === undefined ? { type: 'epoch-taken', epoch } : { type: 'looked', when: 'before', snapshot: looked }));
    run.start();
  }

  const find = (rollout: string): Run | undefined => {
    if (rollout === '') return [...runs.values()].at(-1);
    const run = runs.get(rolloutId(rollout));
    if (run === undefined)
      throw new ReberthError('rollout-unknown', `cannot find rollout ${rollout}: known are ${[...runs.keys()].join(', ') || 'none'}`);
    return run;
  };
  const need = (rollout: string): Run => {
    const run = find(rollout);
    if (run === undefined) throw new ReberthError('rollout-unknown', 'cannot find a rollout: there was none yet');
    return run;
  };
  const busy = (): RolloutState | undefined => [...runs.values()].map((run) => run.state()).find(({ standing }) => standing !== 'ended');

  return {
    epoch,
    async begin(plan, planDigest, { by, holdAfter }) {
      refuseWhenBusy(busy());
      const before = await ports.snapshot(AbortSignal.timeout(10_000));
      if (!before.ok) throw new ReberthError('cluster-unreachable', `cannot apply: the cluster does not answer: ${before.why}`);
      refuseWhenBusy(busy());
      const rollout = (ports.newId ?? newId)(clock.nowMs());
      const created: RolloutEvent = { rollout, seq: 1, atMs: clock.nowMs(), body: { type: 'created', plan, planDigest, by, epoch, holdAfter } };
      const state = reduce(undefined, created);
      if (state === undefined) throw new ReberthError('internal', 'cannot apply: the rollout has no state');
      const run = createRun(ports, state, [created], commanding);
      runs.set(rollout, run);
      try {
        await store.append(created);
      } catch (error) {
        runs.delete(rollout);
        throw error;
      }
      await run.propose(() => ({ type: 'looked', when: 'before', snapshot: before.value }));
      run.start();
      return rollout;
    },
    async command(rollout, command, by) {
      const run = need(rollout);
      const other = busy();
      return run.propose((state) => {
        if (other !== undefined && other.rollout !== state.rollout)
          throw new ReberthError('rollout-busy', `cannot ${command} ${state.rollout}: ${other.rollout} is under way`);
        const accepted = operatorEvent(state, command, by);
        if (!accepted.ok) throw new ReberthError('rollout-state', accepted.why, { hint: `reberth status ${state.rollout}` });
        return accepted.body;
      });
    },
    state: (rollout) => find(rollout)?.state(),
    events: (rollout, afterSeq, live, signal) => need(rollout).events(afterSeq, live, signal),
    reported: (report) => runs.get(report.rollout)?.reported(report),
    stop() {
      for (const run of runs.values()) run.stop();
    },
  };
}

function refuseWhenBusy(state: RolloutState | undefined): void {
  if (state !== undefined)
    throw new ReberthError('rollout-busy', `cannot apply: rollout ${state.rollout} is ${state.standing}`, {
      hint: `reberth status ${state.rollout}`,
    });
}

/** `r-20261123-093012-4f1a`: in order of time, and short enough to type. */
function newId(nowMs: number): RolloutId {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return rolloutId(`r-${time}-${randomBytes(2).toString('hex')}`);
}
