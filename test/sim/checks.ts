/**
 * The promises, checked on the recorded history by a small model that knows the plan and nothing of the code under test. Each check returns
 * what it found broken, in words; none: the promise was kept.
 */
import { stepsOf } from '@reberth/protocol/plan.ts';
import { ADDRESS_FILE, type Fleet } from './fleet.ts';
import type { Deed, Entry } from './history.ts';

export interface Broken {
  readonly promise: string;
  readonly why: string;
}

type Check = (entries: readonly Entry[], fleet: Fleet) => readonly string[];

const CHECKS: Readonly<Record<string, Check>> = {
  'P4, each step takes effect at most once': atMostOnce,
  'P8, stopped means stopped and abort wins': operatorIsObeyed,
  'P9, few hosts disturbed at once': fewAtOnce,
  'P9, gates looked at before each wave': gatesBefore,
  'P10, two coordinators never both command': oneCommander,
};

export const brokenIn = (entries: readonly Entry[], fleet: Fleet): readonly Broken[] =>
  Object.entries(CHECKS).flatMap(([promise, check]) => check(entries, fleet).map((why) => ({ promise, why })));

/**
 * A deed is one ask in the hands of a host. A do that changes the host is the only one of its attempt, never follows a do that was done and
 * not undone since, and never comes after the undo of a later attempt.
 */
function atMostOnce(entries: readonly Entry[]): readonly string[] {
  const found: string[] = [];
  const known = new Map<string, { changedBy: Map<number, number>; done: boolean; undone: number }>();
  for (const entry of entries) {
    if (entry.is !== 'effect' && entry.is !== 'over') continue;
    const { deed, host } = entry;
    if (deed === undefined) {
      // By itself: a step that nobody confirmed.
      const address = known.get(`${host} ${host}/address`);
      if (entry.is === 'effect' && entry.on === ADDRESS_FILE && address !== undefined) address.done = false;
      continue;
    }
    const key = `${host} ${deed.step}`;
    const step = known.get(key) ?? { changedBy: new Map(), done: false, undone: 0 };
    known.set(key, step);
    if (entry.is === 'over') {
      const { outcome, operation } = entry.report;
      if (operation === 'do' && (outcome === 'done' || outcome === 'noop')) step.done = true;
      if (outcome === 'confirmed' && deed.attempt < Math.max(...step.changedBy.keys()))
        found.push(`${host}: ${deed.step} was confirmed by ask #${deed.attempt}, older than what it confirms`);
      if (operation === 'undo' && outcome === 'undone') Object.assign(step, { done: false, undone: Math.max(step.undone, deed.attempt) });
    } else if (deed.operation === 'do') {
      const by = step.changedBy.get(deed.attempt);
      if (by !== undefined && by !== deed.n) found.push(`${host}: ${deed.step} #${deed.attempt} took effect twice`);
      if (by === undefined && step.done) found.push(`${host}: ${deed.step} #${deed.attempt} was done again without having been undone`);
      if (deed.attempt < step.undone) found.push(`${host}: ${deed.step} #${deed.attempt} was done after its undoing #${step.undone}`);
      step.changedBy.set(deed.attempt, deed.n);
    }
  }
  return [...new Set(found)];
}

/** On the stored decisions, which have one order whoever took them. */
function operatorIsObeyed(entries: readonly Entry[], { plan }: Fleet): readonly string[] {
  const found: string[] = [];
  let stopped: 'paused' | 'held' | undefined;
  let goingBack = false;
  let holdAfter: string | undefined;
  const ended = new Set<string>();
  for (const entry of entries) {
    if (entry.is !== 'stored') continue;
    const { body } = entry.event;
    switch (body.type) {
      case 'created':
        holdAfter = body.holdAfter;
        break;
      case 'paused':
      case 'held':
        stopped = body.type;
        break;
      case 'resumed':
      case 'approved':
        if (holdAfter !== undefined && ended.has(holdAfter) && stopped === 'held') holdAfter = undefined;
        stopped = undefined;
        break;
      case 'abort-asked':
      case 'undo-asked':
        stopped = undefined;
        goingBack = true;
        break;
      case 'asked':
        if (stopped !== undefined && body.operation !== 'confirm') found.push(`${body.operation} ${body.step} was asked while ${stopped}`);
        if (goingBack && body.operation === 'do') found.push(`${body.step} was asked to be done after the operator wanted everything back`);
        break;
      case 'stage-started':
      case 'stage-ended':
      case 'turned-back': {
        if (stopped !== undefined) found.push(`${body.type} while ${stopped}`);
        if (body.type === 'turned-back' || body.direction === 'back') break;
        if (body.type === 'stage-ended') ended.add(body.stage);
        const place = plan.stages.findIndex(({ id }) => id === body.stage);
        const before = plan.stages[place - 1]?.id;
        if (body.type === 'stage-started' && before !== undefined && before === holdAfter)
          found.push(`stage ${body.stage} began, though it was to hold after ${holdAfter} and nobody approved`);
        break;
      }
      case 'ended':
        if (stopped !== undefined) found.push(`ended while ${stopped}`);
        if (goingBack && body.outcome === 'done') found.push('ended done after the operator wanted everything back');
        break;
      default:
        break;
    }
  }
  return found;
}

/** A host is disturbed from the first change of a deed until that deed is over; one whose agent died on the way, until it is up again. */
function fewAtOnce(entries: readonly Entry[], { plan, masters }: Fleet): readonly string[] {
  const isMaster = (host: string): boolean => masters.includes(host);
  const waves = plan.stages.flatMap((stage) =>
    stage.waves.map(({ steps }) => new Set(steps.map(({ host }) => host as string).filter((host) => !isMaster(host))).size),
  );
  const most = { masters: 1, nodes: Math.max(0, ...waves) };
  const disturbed = new Map<string, Deed>();
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.is === 'effect' && entry.deed !== undefined) disturbed.set(entry.host, entry.deed);
    if (entry.is === 'over' || entry.is === 'recovered') disturbed.delete(entry.host);
    const hosts = [...disturbed.keys()];
    const now = { masters: hosts.filter(isMaster), nodes: hosts.filter((host) => !isMaster(host)) };
    if (now.masters.length > most.masters) found.push(`masters ${now.masters.join(', ')} at once`);
    if (now.nodes.length > most.nodes) found.push(`nodes ${now.nodes.join(', ')} at once, where ${most.nodes} may be`);
  }
  return [...new Set(found)];
}

/** Before the first change of a do, every gate before it has passed since the last change of anything before that gate. */
function gatesBefore(entries: readonly Entry[], { plan }: Fleet): readonly string[] {
  const { gates, steps } = course(plan);
  const passedAt = new Map<string, number>();
  const changedAt = new Map<string, number>();
  const seen = new Set<string>();
  const found: string[] = [];
  entries.forEach((entry, index) => {
    if (entry.is === 'looked' && entry.verdict === 'pass') passedAt.set(entry.gate, index);
    if (entry.is !== 'effect' || entry.deed === undefined) return;
    const { step, operation, n } = entry.deed;
    const isFirst = !seen.has(`${entry.host} ${n}`);
    seen.add(`${entry.host} ${n}`);
    if (isFirst && operation === 'do') {
      const place = steps.get(step) ?? 0;
      for (const [gate, at] of gates) {
        if (at > place) continue;
        const lastChange = Math.max(-1, ...[...steps].filter(([, where]) => where < at).map(([id]) => changedAt.get(id) ?? -1));
        if ((passedAt.get(gate) ?? -1) <= lastChange) found.push(`${entry.host}: ${step} was done though gate ${gate} had not been looked at`);
      }
    }
    changedAt.set(step, index);
  });
  return [...new Set(found)];
}

/** Places in the order of the plan: of gates by key, of steps by id. */
function course(plan: Fleet['plan']): { readonly gates: ReadonlyMap<string, number>; readonly steps: ReadonlyMap<string, number> } {
  const gates = new Map<string, number>();
  const steps = new Map<string, number>();
  let place = 0;
  const gate = (key: string): void => {
    place += 1;
    gates.set(key, place);
  };
  for (const stage of plan.stages) {
    gate(`${stage.id}/enter/0`);
    for (const [index, wave] of stage.waves.entries()) {
      place += 1;
      for (const { id } of wave.steps) steps.set(id, place);
      gate(`${stage.id}/${index}/exit/0`);
    }
    gate(`${stage.id}/exit/0`);
  }
  return { gates, steps };
}

/** An epoch belongs to one coordinator, and a host that took an ask of one epoch takes none of an earlier one. */
function oneCommander(entries: readonly Entry[]): readonly string[] {
  const owner = new Map<number, string>();
  const highest = new Map<string, number>();
  const found: string[] = [];
  for (const entry of entries) {
    if (entry.is === 'sent') {
      const by = owner.get(entry.ask.epoch) ?? entry.by;
      owner.set(entry.ask.epoch, by);
      if (by !== entry.by) found.push(`${by} and ${entry.by} both command in epoch ${entry.ask.epoch}`);
    }
    if (entry.is !== 'performed') continue;
    const { host, deed } = entry;
    const before = highest.get(host) ?? 0;
    if (deed.epoch < before) found.push(`${host}: took ${deed.operation} ${deed.step} of epoch ${deed.epoch} after one of epoch ${before}`);
    highest.set(host, Math.max(before, deed.epoch));
  }
  return [...new Set(found)];
}

export const stepIds = ({ plan }: Fleet): readonly string[] => [...stepsOf(plan)].map(({ step }) => step.id);
