/** The table of every state by every command and event, as text to be read: made from the walk, compared with the file beside the test. */
import { decide } from '@reberth/coordinator/rollout/decide.ts';
import { standingOf } from '@reberth/coordinator/rollout/standing.ts';
import { type RolloutState, stepState } from '@reberth/coordinator/rollout/state.ts';
import type { EventBody } from '@reberth/protocol/event.ts';
import { digestOf, hostId } from '@reberth/protocol/ids.ts';
import { stepsOf } from '@reberth/protocol/plan.ts';
import { after, COMMANDS, operated, reportOn } from './state-graph.ts';

/** Where a rollout stands, in a few words. */
export function placeOf({ standing, outcome, direction, scope, turnWanted }: RolloutState): string {
  if (standing === 'ended') return `ended ${outcome}`;
  const way = direction === 'forward' ? 'forward' : `back, ${scope === 'all' ? 'everything' : 'the stage'}`;
  return `${standing} ${way}${turnWanted === undefined ? '' : ', turn wanted'}`;
}

/** And what is under way there. */
export function situationOf(state: RolloutState): string {
  const steps = [...stepsOf(state.plan)].map(({ step }) => ({ step, ...stepState(state, step.id) }));
  const asked = [...new Set(steps.filter(({ standing }) => standing === 'asked').map(({ operation }) => operation))].sort();
  const unconfirmed = steps.some(({ step, standing, confirmed }) => step.confirmWithinMs > 0 && standing === 'done' && !confirmed);
  const open = Object.values(state.gates).some(({ verdict, gaveUp }) => !gaveUp && verdict.is === 'wait');
  return [`asked: ${asked.join(' and ') || 'nothing'}`, ...(unconfirmed ? ['unconfirmed step'] : []), ...(open ? ['open gate'] : [])].join(', ');
}

/** One of each kind, and of each that makes a difference, about the steps and gates of this plan. */
export function eventsFor(state: RolloutState): readonly { readonly name: string; readonly body: EventBody }[] {
  const { plan } = state;
  const snapshot = { takenAtMs: 0, nodes: [], pods: [] };
  const [first] = plan.stages;
  if (first === undefined) throw new Error('a plan without stages');
  const gates = ['one/1/exit/0', 'one/1/back/0', 'two/0/exit/0', 'two/exit/0'];
  const named = (name: string, bodies: readonly EventBody[]) => bodies.map((body) => ({ name, body }));
  const steps = [...stepsOf(plan)].map(({ step }) => step);
  const perStep = (make: (step: (typeof steps)[number]) => EventBody): readonly EventBody[] => steps.map(make);
  const perStage = (type: 'stage-started' | 'stage-ended', direction: 'forward' | 'back'): readonly EventBody[] =>
    plan.stages.map(({ id }) => ({ type, stage: id, direction }));
  return [
    ...named('created', [{ type: 'created', plan, planDigest: digestOf('1'.repeat(64)), by: 'other', epoch: 9 }]),
    ...named('epoch-taken', [{ type: 'epoch-taken', epoch: 2 }]),
    ...gates.flatMap((gate) => [
      ...named('gate-opened', [{ type: 'gate-opened', gate }]),
      ...named('gate-judged wait', [{ type: 'gate-judged', gate, verdict: { is: 'wait', why: 'not yet' } }]),
      ...named('gate-judged pass', [{ type: 'gate-judged', gate, verdict: { is: 'pass' } }]),
      ...named('gate-gave-up', [{ type: 'gate-gave-up', gate, why: 'not in time' }]),
    ]),
    ...(['do', 'undo', 'confirm'] as const).flatMap((operation) =>
      named(
        `asked ${operation}`,
        perStep(({ id }) => ({ type: 'asked', step: id, operation, attempt: stepState(state, id).attempts + 1, counter: 1 })),
      ),
    ),
    ...(['done', 'noop', 'failed', 'refused', 'undone', 'confirmed'] as const).flatMap((outcome) =>
      named(
        `reported ${outcome}`,
        perStep((step) => reportOn(state, step, stepState(state, step.id).operation, outcome)),
      ),
    ),
    ...named(
      'unreachable',
      perStep(({ id }) => ({ type: 'unreachable', step: id, host: hostId('a'), why: 'silent' })),
    ),
    ...named('reachable', [{ type: 'reachable', host: hostId('a') }]),
    ...named(
      'signed',
      perStep(({ id }) => ({ type: 'signed', step: id, input: 'certificate', value: 'x' })),
    ),
    ...named(
      'sign-refused',
      perStep(({ id }) => ({ type: 'sign-refused', step: id, why: 'no' })),
    ),
    ...(['paused', 'resumed', 'approved', 'abort-asked', 'undo-asked'] as const).flatMap((type) => named(type, [{ type, by: 'test' }])),
    ...named('held', [{ type: 'held', why: 'so' }]),
    ...named('turned-back stage', [{ type: 'turned-back', scope: 'stage', why: 'so' }]),
    ...named('turned-back all', [{ type: 'turned-back', scope: 'all', why: 'so' }]),
    ...named('stage-started forward', perStage('stage-started', 'forward')),
    ...named('stage-started back', perStage('stage-started', 'back')),
    ...named('stage-ended forward', perStage('stage-ended', 'forward')),
    ...named('stage-ended back', perStage('stage-ended', 'back')),
    ...named('measured', [{ type: 'measured', stage: first.id, observer: 'x', observations: [] }]),
    ...named('looked', [{ type: 'looked', when: 'after', snapshot }]),
    ...named('ended done', [{ type: 'ended', outcome: 'done', why: '' }]),
    ...named('ended rolled-back', [{ type: 'ended', outcome: 'rolled-back', why: '' }]),
  ];
}

const wantsOf = (state: RolloutState): string => {
  const wants = decide(state).map((command) => {
    if (command.do === 'record') return `record ${command.body.type}`;
    return command.do === 'judge' ? 'judge a gate' : `${command.do} ${'operation' in command ? command.operation : ''}`.trim();
  });
  return [...new Set(wants)].sort().join(', ') || 'nothing';
};

const nextOf = (state: RolloutState): string => standingOf(state).next.replace(` ${state.rollout}`, '');

type Cells = Map<string, Map<string, Set<string>>>;

function put(cells: Cells, row: string, column: string, value: string): void {
  const columns = cells.get(row) ?? new Map<string, Set<string>>();
  cells.set(row, columns.set(column, (columns.get(column) ?? new Set()).add(value)));
}

export function tableOf(states: readonly RolloutState[]): string {
  const commands: Cells = new Map();
  const events: Cells = new Map();
  const situations: Cells = new Map();
  for (const state of states) {
    const place = placeOf(state);
    for (const command of COMMANDS) {
      const { ok, state: then } = operated(state, command);
      put(commands, place, command, ok ? (then === state ? 'so already' : placeOf(then)) : 'refused');
    }
    for (const { name, body } of eventsFor(state)) put(events, place, name, placeOf(after(state, body)));
    const situation = `${place}; ${situationOf(state)}`;
    put(situations, situation, 'wants', wantsOf(state));
    put(situations, situation, 'next', nextOf(state));
  }
  return [
    'Every state of a rollout, and what each command and each event makes of it. Made by state-event-table.test.ts.',
    '',
    '1. What an operator asks for',
    ...sortedRows(commands).flatMap(([place, columns]) => ['', place, ...[...columns].map(([command, to]) => line(command, to))]),
    '',
    '2. What happens; every event that is not named leaves the state where it is',
    ...sortedRows(events).flatMap(([place, columns]) => ['', place, ...movers(place, columns)]),
    '',
    '3. What is wanted by itself in each situation (one of these at a time), and the one command that is told',
    ...sortedRows(situations).flatMap(([situation, columns]) => ['', situation, ...[...columns].map(([what, which]) => line(what, which, ' / '))]),
    '',
  ].join('\n');
}

function movers(place: string, columns: ReadonlyMap<string, ReadonlySet<string>>): readonly string[] {
  const moving = [...columns].filter(([, to]) => to.size > 1 || !to.has(place));
  return moving.length === 0 ? ['  (none moves it)'] : moving.map(([name, to]) => line(name, to));
}

const sortedRows = (cells: Cells) => [...cells].sort(([a], [b]) => (a < b ? -1 : 1));
const line = (name: string, values: ReadonlySet<string>, or = ' or '): string => `  ${name.padEnd(22)} ${[...values].sort().join(or)}`;
