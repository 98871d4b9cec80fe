/** What happened, in order: the only thing that the checks look at. Plain data; one line each for people. */
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import type { EventBody, RolloutEvent } from '@reberth/protocol/event.ts';
import { START_MS } from './scheduler.ts';

/** Which ask a host is working on; `recovery` for what a start of the agent ends by itself. */
export type Deed = Pick<Ask, 'step' | 'operation' | 'attempt' | 'epoch' | 'counter'> & { readonly n: number };

export type Happening =
  | { readonly is: 'sent'; readonly by: string; readonly ask: Ask }
  /** An ask passed the door of a host and goes to its runner. */
  | { readonly is: 'performed'; readonly host: string; readonly deed: Deed; readonly params: Ask['params'] }
  | { readonly is: 'over'; readonly host: string; readonly deed: Deed; readonly report: Report }
  | { readonly is: 'recovering' | 'recovered'; readonly host: string }
  /** What the door of a host says of an ask that it does not let in. */
  | { readonly is: 'door'; readonly host: string; readonly text: string }
  /** A host was changed. */
  | { readonly is: 'effect'; readonly host: string; readonly call: string; readonly on: string; readonly deed: Deed | undefined }
  | { readonly is: 'stored'; readonly by: string; readonly event: RolloutEvent }
  | { readonly is: 'looked'; readonly gate: string; readonly verdict: string }
  | { readonly is: 'command'; readonly command: string; readonly answer: string }
  | { readonly is: 'fault' | 'note'; readonly text: string };

export type Entry = Happening & { readonly atMs: number };

export interface History {
  readonly entries: readonly Entry[];
  add(happening: Happening): void;
}

export function createHistory(nowMs: () => number): History {
  const entries: Entry[] = [];
  return { entries, add: (happening) => void entries.push({ ...happening, atMs: nowMs() }) };
}

/** `full`: with every message and every call that changed a host. */
export function transcript(entries: readonly Entry[], full: boolean): string {
  return entries.flatMap((entry) => (full || isStory(entry) ? [line(entry)] : [])).join('\n');
}

const isStory = (entry: Entry): boolean =>
  ['stored', 'fault', 'note', 'command', 'recovered'].includes(entry.is) && !(entry.is === 'stored' && entry.event.body.type === 'gate-opened');

const line = (entry: Entry): string => `${((entry.atMs - START_MS) / 1000).toFixed(3).padStart(9)}  ${words(entry)}`;

export function words(entry: Entry): string {
  switch (entry.is) {
    case 'sent': {
      const { ask } = entry;
      return `${entry.by}: sends to ${ask.host}: ${ask.operation} ${ask.step} #${ask.attempt} (epoch ${ask.epoch}, ${ask.counter})`;
    }
    case 'performed':
      return `${entry.host}: takes ${deedWords(entry.deed)}`;
    case 'over':
      return `${entry.host}: ${entry.report.outcome} ${deedWords(entry.deed)}${because(entry.report.why)}`;
    case 'recovering':
      return `${entry.host}: ends what was begun`;
    case 'recovered':
      return `${entry.host}: agent is up`;
    case 'door':
      return `${entry.host}: ${entry.text}`;
    case 'effect':
      return `${entry.host}: ${entry.call} ${entry.on}`;
    case 'stored':
      return `${entry.by}: ${eventWords(entry.event.body)}`;
    case 'looked':
      return `gate ${entry.gate}: ${entry.verdict}`;
    case 'command':
      return `operator: ${entry.command}: ${entry.answer}`;
    case 'fault':
      return `** ${entry.text}`;
    case 'note':
      return entry.text;
    default:
      return entry satisfies never;
  }
}

const deedWords = ({ step, operation, attempt, epoch }: Deed): string => `${operation} ${step} #${attempt} (epoch ${epoch})`;
const because = (why: string): string => (why === '' ? '' : `: ${why}`);

function eventWords(body: EventBody): string {
  switch (body.type) {
    case 'created':
      return `rollout created${body.holdAfter === undefined ? '' : `, to hold after ${body.holdAfter}`}`;
    case 'epoch-taken':
      return `commands from now on, epoch ${body.epoch}`;
    case 'gate-opened':
      return `gate ${body.gate} opened`;
    case 'gate-judged':
      return `gate ${body.gate}: ${body.verdict.is}${'why' in body.verdict ? because(body.verdict.why) : ''}`;
    case 'gate-gave-up':
      return `gate ${body.gate} gave up${because(body.why)}`;
    case 'asked':
      return `asks to ${body.operation} ${body.step} #${body.attempt}`;
    case 'reported':
      return `${body.report.host} says: ${body.report.operation} ${body.report.step} #${body.report.attempt} ${body.report.outcome}${because(body.report.why)}`;
    case 'unreachable':
      return `${body.host} is unreachable${because(body.why)}`;
    case 'reachable':
      return `${body.host} is heard again`;
    case 'signed':
      return `signed ${body.input} for ${body.step}`;
    case 'sign-refused':
      return `signing for ${body.step} refused${because(body.why)}`;
    case 'held':
      return `held${because(body.why)}`;
    case 'turned-back':
      return `takes back ${body.scope === 'all' ? 'everything' : 'the stage'}${because(body.why)}`;
    case 'stage-started':
    case 'stage-ended': {
      const done = body.type === 'stage-started' ? 'begins' : 'ends';
      return `${body.direction === 'back' ? `taking back of stage ${body.stage}` : `stage ${body.stage}`} ${done}`;
    }
    case 'ended':
      return `rollout ended: ${body.outcome}${because(body.why)}`;
    case 'paused':
    case 'resumed':
    case 'abort-asked':
    case 'undo-asked':
    case 'approved':
      return body.type.replace('-', ' ');
    case 'measured':
    case 'looked':
      return body.type;
    default:
      return body satisfies never;
  }
}
