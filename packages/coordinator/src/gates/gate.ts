/**
 * The shape of a gate: a question asked again and again until its answers justify going on. Probing is I/O and treats unhealthy as an
 * answer; judging is pure. A gate says nothing about what happens when it does not pass: that is the stage's policy.
 */
import type { Verdict } from '@reberth/protocol/event.ts';
import type { GenericSchema } from 'valibot';
import type { Probes } from '../probes/probes.ts';

export interface Sampled<Sample> {
  readonly atMs: number;
  readonly sample: Sample;
}

export interface Gate<Params, Sample> {
  readonly name: string;
  readonly params: GenericSchema<unknown, Params>;
  title(params: Params): string;
  probe(probes: Probes, params: Params, signal: AbortSignal): Promise<Sample>;
  /**
   * Pure. `history` is oldest first, never empty, and begins when the gate was opened. It may have lost some from its
   * middle, never the first. The verdict is about this moment: how long it has to last and when waiting ends is no business of the gate but of
   * the executor's window (executor/gate-window.ts). Words should not count up from sample to sample.
   */
  judge(history: readonly Sampled<Sample>[], params: Params, nowMs: number): Verdict;
}

export const defineGate = <Params, Sample>(gate: Gate<Params, Sample>): Gate<Params, Sample> => gate;

export const pass = (): Verdict => ({ is: 'pass' });
export const wait = (why: string): Verdict => ({ is: 'wait', why });
export const fail = (why: string): Verdict => ({ is: 'fail', why });
export const skip = (why: string): Verdict => ({ is: 'skip', why });
