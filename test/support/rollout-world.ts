/**
 * A world for the decider: hosts that do what they are asked in order, gates that judge, an operator who interferes; all by one seeded
 * chance. Messages may be doubled, late, or lost for a while. Keeps its own record of what is applied, to compare the outcome with.
 */

import { decide } from '@reberth/coordinator/rollout/decide.ts';
import { type OperatorCommand, operatorEvent } from '@reberth/coordinator/rollout/operator.ts';
import { reduce } from '@reberth/coordinator/rollout/reduce.ts';
import { type RolloutState, stepState } from '@reberth/coordinator/rollout/state.ts';
import type { Operation, Report } from '@reberth/protocol/ask.ts';
import type { EventBody, RolloutEvent } from '@reberth/protocol/event.ts';
import { digestOf, rolloutId } from '@reberth/protocol/ids.ts';
import type { Plan, Step } from '@reberth/protocol/plan.ts';

export interface Chances {
  readonly stepFails: number;
  readonly gateGivesUp: number;
  readonly signRefused: number;
  readonly operator: number;
  readonly duplicate: number;
}

interface Sent {
  readonly step: Step;
  readonly operation: Operation;
  readonly attempt: number;
}

export interface World {
  readonly state: RolloutState;
  readonly events: readonly RolloutEvent[];
  /** Steps whose change is on the host now. */
  readonly applied: ReadonlySet<string>;
  /** One more thing happens. False: nothing is wanted and nothing is on its way. */
  happen(): boolean;
  operate(command: OperatorCommand): boolean;
}

/** Small, good enough for tests, and the same everywhere: mulberry32. */
export function chanceOf(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function createWorld(plan: Plan, seed: number, chances: Chances): World {
  const chance = chanceOf(seed);
  const events: RolloutEvent[] = [];
  const applied = new Set<string>();
  const disarmed = new Set<string>();
  const pending = new Map<string, Sent[]>();
  const reports: Report[] = [];
  let state: RolloutState | undefined;

  const append = (body: EventBody): void => {
    const event: RolloutEvent = { rollout: rolloutId('r-test'), seq: events.length + 1, atMs: events.length * 10, body };
    events.push(event);
    state = reduce(state, event);
  };
  append({ type: 'created', plan, planDigest: digestOf('0'.repeat(64)), by: 'test', epoch: 1, holdAfter: undefined });
  const now = (): RolloutState => state as RolloutState;
  const pick = <T>(items: readonly T[]): T | undefined => items[Math.floor(chance() * items.length)];

  const send = (sent: Sent): void => void pending.set(sent.step.host, [...(pending.get(sent.step.host) ?? []), sent]);

  function hostActs(host: string): void {
    const [sent, ...rest] = pending.get(host) ?? [];
    if (sent === undefined) return;
    pending.set(host, rest);
    const { step, operation, attempt } = sent;
    const fails = operation === 'do' && !applied.has(step.id) && chance() < chances.stepFails;
    // A host that waited too long for its confirmation has taken the step back by itself.
    const givesUp = operation === 'confirm' && !disarmed.has(step.id) && chance() < chances.stepFails;
    if (operation === 'undo' || givesUp) applied.delete(step.id);
    else if (operation === 'do' && !fails) applied.add(step.id);
    const confirmed = applied.has(step.id) ? 'confirmed' : 'failed';
    if (operation === 'confirm' && applied.has(step.id)) disarmed.add(step.id);
    else if (operation !== 'confirm') disarmed.delete(step.id);
    const outcome = operation === 'undo' ? 'undone' : operation === 'confirm' ? confirmed : fails ? (chance() < 0.5 ? 'failed' : 'refused') : 'done';
    const report: Report = {
      rollout: rolloutId('r-test'),
      step: step.id,
      operation,
      attempt,
      host: step.host,
      outcome,
      left: fails ? 'before' : 'after',
      why: fails ? 'as chance has it' : '',
      startedAtMs: 0,
      endedAtMs: 0,
      outputs: { csr: 'request' },
    };
    reports.push(report, ...(chance() < chances.duplicate ? [report] : []));
  }

  function deliver(): void {
    const report = reports.splice(Math.floor(chance() * reports.length), 1)[0];
    if (report === undefined) return;
    const known = stepState(now(), report.step);
    if (known.standing === 'asked' || chance() < 0.5) append({ type: 'reported', report });
  }

  function decideOnce(): boolean {
    const command = pick(decide(now()));
    const record = decide(now()).find((wanted) => wanted.do === 'record');
    if (record !== undefined) append(record.body);
    else if (command?.do === 'ask') {
      append({ type: 'asked', step: command.step.id, operation: command.operation, attempt: command.attempt, counter: events.length });
      send(command);
    } else if (command?.do === 'repeat') {
      if (chance() < chances.duplicate) send(command);
    } else if (command?.do === 'judge') {
      const { key } = command.gate;
      append(
        chance() < chances.gateGivesUp
          ? { type: 'gate-gave-up', gate: key, why: 'as chance has it' }
          : { type: 'gate-judged', gate: key, verdict: chance() < 0.3 ? { is: 'wait', why: 'not yet' } : { is: 'pass' } },
      );
    } else if (command?.do === 'sign') {
      append(
        chance() < chances.signRefused
          ? { type: 'sign-refused', step: command.step.id, why: 'as chance has it' }
          : { type: 'signed', step: command.step.id, input: command.input, value: 'signed' },
      );
    } else return false;
    return true;
  }

  return {
    get state() {
      return now();
    },
    events,
    applied,
    operate(command) {
      const accepted = operatorEvent(now(), command, 'test');
      if (!accepted.ok || accepted.body === undefined) return false;
      append(accepted.body);
      return true;
    },
    happen() {
      if (chance() < chances.operator) this.operate(pick<OperatorCommand>(['pause', 'resume', 'abort', 'undo', 'approve']) ?? 'pause');
      const hosts = [...pending].filter(([, asks]) => asks.length > 0).map(([host]) => host);
      const turn = chance();
      if (hosts.length > 0 && turn < 0.4) hostActs(pick(hosts) ?? '');
      else if (reports.length > 0 && turn < 0.7) deliver();
      else if (!decideOnce()) {
        if (hosts.length === 0 && reports.length === 0) return false;
        if (reports.length > 0) deliver();
        else hostActs(pick(hosts) ?? '');
      }
      return true;
    },
  };
}
