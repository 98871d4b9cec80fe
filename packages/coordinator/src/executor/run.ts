/**
 * Makes the decisions of one rollout happen: asks `decide` what is wanted, stores every decision before acting on it, and keeps at whatever
 * is wanted until it is so. All that changes the state goes through one queue, so events have one order. Holds no knowledge of its own: after
 * a crash the stored events say everything.
 */
import type { Ask, Operation, Report } from '@reberth/protocol/ask.ts';
import { messageOf } from '@reberth/protocol/errors.ts';
import type { EventBody, RolloutEvent } from '@reberth/protocol/event.ts';
import { endpointText, type Step } from '@reberth/protocol/plan.ts';
import { type Command, decide as decideByRule } from '../rollout/decide.ts';
import { promisedEndpoints } from '../rollout/promised.ts';
import { reduce } from '../rollout/reduce.ts';
import { type RolloutState, stepState } from '../rollout/state.ts';
import { createFeed, type Feed } from './feed.ts';
import type { ExecutorPorts } from './ports.ts';
import { createTasks } from './tasks.ts';
import { watchGate } from './watch-gate.ts';

/** Long enough for a slow restart of a kubelet, short enough that a lost message costs little. */
const REPEAT_MS = 5_000;
const ASK_VALID_MS = 60_000;
/** Ten missed heartbeats. */
const UNREACHABLE_MS = 10_000;
const LOOK_MS = 1_000;

export interface Run {
  state(): RolloutState;
  /** Stores what `body` makes of the state at its turn; `undefined` stores nothing. Rejects with whatever `body` throws. */
  propose(body: (state: RolloutState) => EventBody | undefined): Promise<RolloutState>;
  reported(report: Report): void;
  events(afterSeq: number, live: boolean, signal: AbortSignal): AsyncIterable<RolloutEvent>;
  /** Begins, or goes on after a restart. */
  start(): void;
  stop(): void;
}

/** Under which epoch this process commands, and the number of its next ask: higher than any before it in that epoch. */
export interface Commanding {
  readonly epoch: number;
  nextCounter(): number;
}

export function createRun(ports: ExecutorPorts, initial: RolloutState, stored: readonly RolloutEvent[], commanding: Commanding): Run {
  const { clock, log, observers, decide = decideByRule } = ports;
  const feed: Feed = createFeed(stored);
  const tasks = createTasks((name, error) => log.error({ task: name, error: messageOf(error) }, 'task failed'));
  let state = initial;
  let watched = '';
  let stopped = false;
  let queue: Promise<unknown> = Promise.resolve();
  /** Asked by whoever went before: nobody knows whether it was sent. */
  const inherited = new Set<string>(Object.entries(initial.steps).flatMap(([id, { standing }]) => (standing === 'asked' ? [id] : [])));

  const enqueue = <T>(work: () => Promise<T>): Promise<T> => {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
  };

  async function append(body: EventBody): Promise<void> {
    const event: RolloutEvent = { rollout: state.rollout, seq: state.seq + 1, atMs: clock.nowMs(), body };
    try {
      await ports.store.append(event);
    } catch (error) {
      stop();
      ports.onStorageFailure(error);
      throw error;
    }
    const next = reduce(state, event);
    if (next !== undefined) state = next;
    feed.push(event);
  }

  async function advance(): Promise<void> {
    for (;;) {
      if (stopped) return;
      const commands = decide(state);
      const decision = commands.find((command) => command.do === 'record');
      const asks = commands.filter((command) => command.do === 'ask');
      if (decision !== undefined) await recordDecision(decision.body);
      else if (asks.length === 0) return reconcile(commands);
      for (const ask of decision === undefined ? asks : []) await askFor(ask.step, ask.operation, ask.attempt);
    }
  }

  async function recordDecision(body: EventBody): Promise<void> {
    if (body.type === 'stage-ended') {
      for (const reading of observers.readings()) await append({ type: 'measured', stage: body.stage, ...reading });
    }
    if (body.type === 'ended') {
      const after = await ports.snapshot(AbortSignal.timeout(10_000));
      if (after.ok) await append({ type: 'looked', when: 'after', snapshot: after.value });
      else log.warn({ why: after.why }, 'cannot compare the cluster with how it was');
    }
    await append(body);
    watchPromised();
  }

  function watchPromised(): void {
    const endpoints = promisedEndpoints(state);
    const text = endpoints.map(endpointText).join(' ');
    if (text === watched) return;
    watched = text;
    observers.watch(endpoints, state.plan);
  }

  async function askFor(step: Step, operation: Operation, attempt: number): Promise<void> {
    const counter = commanding.nextCounter();
    await append({ type: 'asked', step: step.id, operation, attempt, counter });
    send(step, operation, attempt, counter);
  }

  function send(step: Step, operation: Operation, attempt: number, counter: number): void {
    const ask: Ask = {
      rollout: state.rollout,
      step: step.id,
      operation,
      attempt,
      planDigest: state.planDigest,
      host: step.host,
      epoch: commanding.epoch,
      counter,
      expiresAtMs: clock.nowMs() + ASK_VALID_MS,
      kind: step.kind,
      version: step.version,
      params: step.params,
      expect: step.expect,
      confirmWithinMs: step.confirmWithinMs,
      inputs: stepState(state, step.id).inputs,
    };
    ports
      .send(ask)
      .catch((error: unknown) => log.warn({ host: step.host, step: step.id, error: messageOf(error) }, 'cannot send an ask; it is sent again'));
  }

  function reconcile(commands: readonly Command[]): void {
    const wanted = new Map<string, (signal: AbortSignal) => Promise<void>>();
    for (const command of commands) {
      if (command.do === 'repeat') {
        const { step, operation, attempt } = command;
        wanted.set(`repeat ${step.id} ${operation} ${attempt}`, (signal) => repeat(step, operation, attempt, signal));
      } else if (command.do === 'judge') {
        const { gate } = command;
        wanted.set(`judge ${gate.key} ${state.gates[gate.key]?.openedAtMs}`, (signal) =>
          watchGate(gate, { ports, state: () => state, propose }, signal),
        );
      } else if (command.do === 'sign') {
        wanted.set(`sign ${command.step.id} ${command.input}`, () => sign(command.step, command.input, command.request));
      }
    }
    if (commands.some((command) => command.do === 'repeat')) wanted.set('reach', lookWhoIsReachable);
    tasks.reconcile(wanted);
  }

  async function repeat(step: Step, operation: Operation, attempt: number, signal: AbortSignal): Promise<void> {
    if (inherited.delete(step.id)) send(step, operation, attempt, commanding.nextCounter());
    for (;;) {
      await clock.sleep(ports.repeatMs ?? REPEAT_MS, signal);
      if (signal.aborted || !isAwaited(step, operation, attempt)) return;
      send(step, operation, attempt, commanding.nextCounter());
    }
  }

  /** An answer may be stored while the next ask of the same host is: a repeat sent now would overtake it. */
  function isAwaited({ id }: Step, operation: Operation, attempt: number): boolean {
    const known = stepState(state, id);
    return known.standing === 'asked' && known.operation === operation && known.attempts === attempt;
  }

  async function sign(step: Step, input: string, request: string): Promise<void> {
    const signed = await ports.sign(step, request);
    await propose((now) => {
      if (stepState(now, step.id).standing !== 'none') return undefined;
      return signed.ok ? { type: 'signed', step: step.id, input, value: signed.value } : { type: 'sign-refused', step: step.id, why: signed.why };
    });
  }

  async function lookWhoIsReachable(signal: AbortSignal): Promise<void> {
    const sinceMs = clock.nowMs();
    while (!signal.aborted) {
      await clock.sleep(LOOK_MS, signal);
      if (signal.aborted) return;
      for (const command of decide(state)) {
        if (command.do !== 'repeat') continue;
        const { host, id } = command.step;
        const silentMs = clock.nowMs() - Math.max(ports.heardAtMs(host), sinceMs);
        const known = state.unreachable[host] !== undefined;
        if (silentMs >= UNREACHABLE_MS && !known)
          await propose(() => ({ type: 'unreachable', step: id, host, why: `its agent has been silent for ${Math.round(silentMs / 1000)} s` }));
        if (silentMs < UNREACHABLE_MS && known) await propose(() => ({ type: 'reachable', host }));
      }
    }
  }

  const propose = (body: (now: RolloutState) => EventBody | undefined): Promise<RolloutState> =>
    enqueue(async () => {
      const event = stopped ? undefined : body(state);
      // An ended rollout that is taken up again was last commanded by somebody else.
      if (event !== undefined && event.type !== 'epoch-taken' && state.epoch !== commanding.epoch)
        await append({ type: 'epoch-taken', epoch: commanding.epoch });
      if (event !== undefined) await append(event);
      await advance();
      return state;
    });

  function stop(): void {
    stopped = true;
    tasks.stop();
  }

  return {
    state: () => state,
    propose,
    reported: (report) => {
      propose((now) => {
        const known = stepState(now, report.step);
        return known.standing === 'asked' && known.operation === report.operation && known.attempts === report.attempt
          ? { type: 'reported', report }
          : undefined;
      }).catch((error: unknown) => log.error({ error: messageOf(error) }, 'cannot take a report'));
    },
    events: (afterSeq, live, signal) => feed.follow(afterSeq, live, () => state.standing === 'ended' || state.standing === 'held', signal),
    start() {
      watchPromised();
      enqueue(advance).catch((error: unknown) => log.error({ error: messageOf(error) }, 'cannot go on'));
    },
    stop,
  };
}
