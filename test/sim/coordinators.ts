/**
 * The coordinators of one cluster over one store: the newest, and older ones that were stopped and go on without knowing that they were
 * replaced. Each runs the real executor; whoever cannot store a decision ends, and the newest is started again.
 */
import { createExecutor, type Executor } from '@reberth/coordinator/executor/executor.ts';
import type { ExecutorPorts } from '@reberth/coordinator/executor/ports.ts';
import type { OperatorCommand } from '@reberth/coordinator/rollout/operator.ts';
import type { RolloutState } from '@reberth/coordinator/rollout/state.ts';
import type { Store } from '@reberth/coordinator/store/store.ts';
import { digest } from '@reberth/protocol/canonical.ts';
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Verdict } from '@reberth/protocol/event.ts';
import { rolloutId, stageId } from '@reberth/protocol/ids.ts';
import type { Plan } from '@reberth/protocol/plan.ts';
import type { Chance } from './chance.ts';
import type { History } from './history.ts';
import { type Fate, type Process, startProcess } from './process.ts';
import type { Scheduler } from './scheduler.ts';
import type { Seams } from './seams.ts';
import type { SimWire } from './wire.ts';
import type { Dials } from './world.ts';

export interface Coordinators {
  /** Starts one when the newest is dead. */
  boot(): void;
  /** Another one beside the newest, which is stopped until `wakeOld`. */
  takeOver(): void;
  wakeOld(): void;
  kill(why: string): void;
  calm(): void;
  /** Of the newest; undefined while it starts. */
  state(): RolloutState | undefined;
  isUp(): boolean;
  begin(plan: Plan, holdAfter: string | undefined): void;
  operate(command: OperatorCommand): void;
}

export interface CoordinatorParts {
  readonly scheduler: Scheduler;
  readonly history: History;
  readonly wire: SimWire;
  readonly store: Store;
  readonly chance: Chance;
  readonly seams: Seams;
  readonly dials: Dials;
  fate(name: string, point: string): Fate;
  verdict(): Verdict | undefined;
}

interface One {
  readonly process: Process;
  executor: Executor | undefined;
}

const EMPTY = { takenAtMs: 0, nodes: [], pods: [] };

export function createCoordinators(parts: CoordinatorParts): Coordinators {
  const { scheduler, history, wire, chance } = parts;
  const all: One[] = [];
  let wanted: { readonly plan: Plan; readonly holdAfter: string | undefined } | undefined;
  const newest = (): One | undefined => all.at(-1);

  function start(): void {
    const name = `coordinator ${all.length + 1}`;
    const died = (why: string): void => {
      one.executor?.stop();
      history.add({ is: 'fault', text: `${name}: killed ${why}` });
      if (newest() === one) scheduler.at(chance.between(200, 20_000), boot);
    };
    const process = startProcess({ name, scheduler, fate: (point) => parts.fate(name, point), died });
    const one: One = { process, executor: undefined };
    all.push(one);
    createExecutor(portsFor(parts, process)).then(
      (executor) =>
        process.enter(() => {
          one.executor = executor;
          begin();
        }),
      (error: unknown) => process.kill(`by its own hand: ${messageOf(error)}`),
    );
  }
  function boot(): void {
    if (newest()?.process.isAlive() !== true) start();
  }
  /** The operator tries until the rollout is there. */
  function begin(): void {
    const executor = newest()?.executor;
    if (wanted === undefined || executor === undefined || executor.state('') !== undefined) return;
    const { plan, holdAfter } = wanted;
    const options = { by: 'operator', holdAfter: holdAfter === undefined ? undefined : stageId(holdAfter) };
    executor.begin(plan, digest(plan), options).catch((error: unknown) => {
      history.add({ is: 'command', command: 'apply', answer: messageOf(error) });
      scheduler.at(5_000, begin);
    });
  }

  wire.onReport((report) => {
    for (const { process, executor } of all) process.enter(() => executor?.reported(report));
  });

  return {
    boot,
    takeOver() {
      newest()?.process.stop();
      history.add({ is: 'fault', text: `${newest()?.process.name ?? 'nobody'} is stopped, and another takes over` });
      start();
    },
    wakeOld() {
      const olds = all.slice(0, -1).filter(({ process }) => process.isAlive());
      if (olds.length > 0) history.add({ is: 'fault', text: `${olds.map(({ process }) => process.name).join(', ')} goes on` });
      for (const { process } of olds) process.goOn();
    },
    kill: (why) => newest()?.process.kill(why),
    calm() {
      this.wakeOld();
      boot();
    },
    state: () => (newest()?.process.isAlive() ? newest()?.executor?.state('') : undefined),
    isUp: () => newest()?.process.isAlive() === true && newest()?.executor !== undefined,
    begin(plan, holdAfter) {
      wanted = { plan, holdAfter };
      boot();
      begin();
    },
    operate(command) {
      const one = newest();
      const executor = one?.executor;
      if (one?.process.isAlive() !== true || executor?.state('') === undefined) return;
      one.process.enter(() => {
        executor.command('', command, 'operator').then(
          () => history.add({ is: 'command', command, answer: 'accepted' }),
          (error: unknown) => history.add({ is: 'command', command, answer: messageOf(error) }),
        );
      });
    },
  };
}

function portsFor(parts: CoordinatorParts, process: Process): ExecutorPorts {
  const { scheduler, history, wire, chance, seams, dials } = parts;
  const told = (fields: object, message: string): void =>
    history.add({ is: 'door', host: process.name, text: `${message}${'error' in fields ? `: ${String(fields.error)}` : ''}` });
  return {
    store: storeFor(parts, process),
    send: (ask) =>
      process.call(
        'send',
        () => {
          history.add({ is: 'sent', by: process.name, ask });
          return wire.ask(ask);
        },
        { latencyMs: chance.between(1, 30) },
      ),
    gates: {
      probe: (_gate, params) => process.call('probe', () => look(parts, String(params['at'])), { latencyMs: chance.between(5, 300) }),
      judge: (_gate, _params, samples) => samples.at(-1)?.sample as Verdict,
    },
    sign: (step) =>
      process.call(
        'sign',
        () => (chance.flip(dials.signRefused) ? { ok: false, why: 'the authority does not answer' } : { ok: true, value: `signed for ${step.host}` }),
        { latencyMs: chance.between(20, 500) },
      ),
    snapshot: () => process.call('snapshot', () => ({ ok: true, value: EMPTY }), { latencyMs: chance.between(5, 200) }),
    observers: { watch: () => undefined, readings: () => [] },
    heardAtMs: wire.heardAtMs,
    clock: { nowMs: scheduler.nowMs, sleep: (ms, signal) => process.sleep(ms, signal) },
    log: { info: () => undefined, warn: (fields, message) => told(fields, message), error: (fields, message) => told(fields, message) },
    onStorageFailure: (error) => process.kill(`by its own hand: ${messageOf(error)}`),
    newId: () => rolloutId('r-1'),
    ...(seams.decide === undefined ? {} : { decide: seams.decide }),
  };
}

function look({ chance, dials, history, verdict }: CoordinatorParts, at: string): Verdict {
  const [fails, waits] = [chance.flip(dials.gateFails), chance.flip(dials.gateWaits)];
  const said: Verdict = verdict() ?? (fails ? { is: 'fail', why: 'as chance has it' } : waits ? { is: 'wait', why: 'not yet' } : { is: 'pass' });
  history.add({ is: 'looked', gate: at, verdict: said.is });
  return said;
}

function storeFor({ store, seams, history, chance }: CoordinatorParts, process: Process): Store {
  return seams.store({
    rollouts: () => process.call('store.rollouts', () => store.rollouts()),
    read: (rollout) => process.call('store.read', () => store.read(rollout)),
    append: (event) =>
      process.call(
        'store.append',
        async () => {
          await store.append(event);
          history.add({ is: 'stored', by: process.name, event });
        },
        { latencyMs: chance.between(1, 15) },
      ),
    takeEpoch: () => process.call('store.takeEpoch', () => store.takeEpoch(), { latencyMs: chance.between(1, 15) }),
    close: () => store.close(),
  });
}
