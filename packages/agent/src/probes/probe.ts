/**
 * The shape of a probe: a question to this host about what it sees right now. Promises an answer within its time and changes nothing;
 * unhealthy, absent and unreachable are answers. It throws only where the host itself cannot be asked.
 */
import type { GenericSchema } from 'valibot';
import type { HostReader } from '../host/host.ts';
import type { Senses } from './senses.ts';

export interface ProbeContext {
  readonly host: HostReader;
  readonly senses: Senses;
}

export interface Probe<Params, Value> {
  readonly name: string;
  readonly params: GenericSchema<unknown, Params>;
  run(context: ProbeContext, params: Params): Promise<Value>;
}

/** Gives a probe its types and nothing else. */
export const defineProbe = <Params, Value>(probe: Probe<Params, Value>): Probe<Params, Value> => probe;
