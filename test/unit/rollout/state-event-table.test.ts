/**
 * Every state of a rollout by every command and event. The table is a text file: after a change that is meant, write it anew with
 * REWRITE_TABLE=1 and read the difference.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { decide } from '@reberth/coordinator/rollout/decide.ts';
import { standingOf } from '@reberth/coordinator/rollout/standing.ts';
import type { RolloutState } from '@reberth/coordinator/rollout/state.ts';
import test from 'ava';
import { eventsFor, placeOf, situationOf, tableOf } from './state-event-table.ts';
import { after, begun, COMMANDS, everyState, graphPlan, happenings, operated } from './state-graph.ts';

const FILE = new URL('./state-event-table.txt', import.meta.url);
/** Longer than the longest way from any state to its end. */
const STEPS_MAX = 100;

const states = everyState([begun(graphPlan('undo-stage'), undefined), begun(graphPlan('hold'), 'one')]);
const where = (state: RolloutState): string => `${placeOf(state)}; ${situationOf(state)}`;

/** Nothing goes wrong and nobody interferes, until nothing more happens by itself. */
function settled(from: RolloutState): RolloutState {
  let state = from;
  for (let n = 0; n < STEPS_MAX; n += 1) {
    const next = happenings(state).find(({ benign }) => benign);
    if (next === undefined) return state;
    state = after(state, next.body);
  }
  throw new Error(`does not settle: ${where(from)}`);
}

/** What is begun: more than looking, repeating, confirming, and writing down where it stands. */
const begins = (state: RolloutState): readonly string[] =>
  decide(state).flatMap((command) => {
    if (command.do === 'ask' && command.operation !== 'confirm') return [`ask ${command.operation}`];
    if (command.do === 'sign') return ['sign'];
    return command.do === 'record' && command.body.type !== 'gate-opened' ? [`record ${command.body.type}`] : [];
  });

test('the table of every state by every command and event is as it was read last', (t) => {
  const table = tableOf(states);
  if (process.env['REWRITE_TABLE'] === '1') writeFileSync(FILE, table);
  t.is(table, readFileSync(FILE, 'utf8'));
  t.log(`${states.length} states, ${new Set(states.map(where)).size} situations`);
});

test('every standing, direction and scope, with and without a turn, an ask, an unconfirmed step and an open gate, is among the states', (t) => {
  const places = new Set(states.map(placeOf));
  for (const place of [
    ...['running', 'paused', 'held'].flatMap((standing) => ['forward', 'back, everything', 'back, the stage'].map((way) => `${standing} ${way}`)),
    ...['ended done', 'ended rolled-back', 'running forward, turn wanted', 'running back, the stage, turn wanted'],
  ])
    t.true(places.has(place), place);
  const situations = states.map(where).join('\n');
  for (const part of ['asked: do', 'asked: undo', 'asked: confirm', 'unconfirmed step', 'open gate']) t.true(situations.includes(part), part);
});

test('abort, or undo after the end, wins from every state: nothing new is done from then on, and all is taken back', (t) => {
  for (const state of states) {
    if (state.outcome === 'rolled-back') continue;
    const { ok, state: turned } = operated(state, state.standing === 'ended' ? 'undo' : 'abort');
    if (!ok) t.fail(`refused in ${where(state)}`);
    let now = takenBack(turned, where(state));
    // It was on its way back already, and a host had just said that it cannot: asked again, it is tried again.
    if (now.standing === 'held' && turned === state) now = takenBack(operated(now, 'undo').state, where(state));
    if (now.outcome !== 'rolled-back') t.fail(`${placeOf(now)} after an abort in ${where(state)}`);
  }
  t.pass();
});

/** As far as it comes when nothing goes wrong; throws when anything but taking back is asked for. */
function takenBack(from: RolloutState, words: string): RolloutState {
  let state = from;
  for (let n = 0; n < STEPS_MAX; n += 1) {
    if (decide(state).some((command) => command.do === 'ask' && command.operation !== 'undo'))
      throw new Error(`asks for more after an abort in ${words}`);
    const next = happenings(state).find(({ benign }) => benign);
    if (next === undefined) return state;
    state = after(state, next.body);
  }
  throw new Error(`does not settle after an abort in ${words}`);
}

test('paused or held, nothing is begun, whatever event comes but an operator’s', (t) => {
  const OPERATOR = new Set(['resumed', 'approved', 'abort-asked', 'undo-asked']);
  for (const state of states) {
    if (state.standing !== 'paused' && state.standing !== 'held') continue;
    if (begins(state).length > 0) t.fail(`${begins(state).join()} in ${where(state)}`);
    for (const { name, body } of eventsFor(state)) {
      if (OPERATOR.has(body.type)) continue;
      const then = after(state, body);
      if (then.standing === 'running') t.fail(`${name} makes it run in ${where(state)}`);
      if (begins(then).length > 0) t.fail(`${name} begins ${begins(then).join()} in ${where(state)}`);
    }
  }
  t.pass();
});

test('nothing moves a rollout that has ended but the word to undo it', (t) => {
  for (const state of states) {
    if (state.standing !== 'ended') continue;
    t.is(decide(state).length, 0);
    for (const command of COMMANDS) {
      const moved = operated(state, command);
      if (moved.ok && !(command === 'undo' && state.outcome === 'done')) t.fail(`${command} in ${where(state)}`);
    }
  }
});

test('every state tells exactly one command, and following what it tells leads to an end', (t) => {
  for (const state of states) {
    let now = state;
    for (let followed = 0; now.standing !== 'ended'; followed += 1) {
      const { next } = standingOf(now);
      const [, word = ''] = /^reberth (watch|resume|undo) r-1$/.exec(next) ?? [];
      if (word === '') t.fail(`${JSON.stringify(next)} is told in ${where(now)}`);
      if (followed === 6) t.fail(`goes round in circles from ${where(state)}`);
      if (word === 'resume' || word === 'undo') {
        const moved = operated(now, word);
        if (!moved.ok || moved.state === now) t.fail(`${next} does nothing in ${where(now)}`);
        now = moved.state;
      }
      now = settled(now);
    }
    t.regex(standingOf(now).next, /^reberth report r-1$/);
  }
});
