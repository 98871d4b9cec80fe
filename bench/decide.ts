/**
 * How fast decisions come: every event of a whole rollout is reduced and decided upon, for fleets of three sizes, against reading the same
 * events from JSON, which any journal has to do on the way. Pure code on both sides.
 */
import { decide } from '@reberth/coordinator/rollout/decide.ts';
import { reduce } from '@reberth/coordinator/rollout/reduce.ts';
import type { RolloutState } from '@reberth/coordinator/rollout/state.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import { inTurns, timed } from './lib/measure.ts';
import { type Result, type Row, row } from './lib/result.ts';
import { aRollout } from './lib/rollout.ts';

const FLEETS = [5, 50, 500] as const;
const ROUNDS = 3;

export async function decideEvents(): Promise<Result> {
  const rows: Row[] = [];
  for (const hosts of FLEETS) {
    const events = aRollout(hosts);
    const lines = events.map((event) => JSON.stringify(event));
    const took = await inTurns(
      { ours: () => timed(() => reduceAndDecide(events)), json: () => timed(() => lines.map((line) => JSON.parse(line))) },
      ROUNDS,
    );
    const perEvent = (ms: number) => (ms * 1_000) / events.length;
    rows.push(
      row(`${hosts} hosts, ${events.length} events`, 'µs an event', perEvent(took.ours), { what: 'JSON.parse', measured: perEvent(took.json) }),
    );
  }
  return {
    name: 'decide',
    compares: 'an event reduced and what is wanted next decided, against JSON.parse of the same event',
    runs: `a whole rollout ${ROUNDS} times by each, in turns, medians`,
    rows,
    parts: rows.map(({ what, measured }) => ({ what, measured: 1_000_000 / measured, unit: 'events a second' })),
  };
}

function reduceAndDecide(events: readonly RolloutEvent[]): number {
  let state: RolloutState | undefined;
  let wanted = 0;
  for (const event of events) {
    state = reduce(state, event);
    if (state !== undefined) wanted += decide(state).length;
  }
  return wanted;
}
