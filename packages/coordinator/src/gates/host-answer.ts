/**
 * What hosts answered to one probe, side by side. Shared by the gates that ask several hosts the same question; an unreachable host or
 * an answer of the wrong shape is kept as a reason, never dropped. The only part of a gate that waits.
 */
import { type HostId, hostId } from '@reberth/protocol/ids.ts';
import * as v from 'valibot';
import type { Answer, Probes } from '../probes/probes.ts';

export interface HostAnswer<T> {
  readonly host: HostId;
  readonly answer: Answer<T>;
}

export const HostsParam = v.array(v.pipe(v.string(), v.minLength(1), v.transform(hostId)));

export async function askHosts<T>(
  probes: Probes,
  hosts: readonly HostId[],
  probe: string,
  params: Readonly<Record<string, unknown>>,
  schema: v.GenericSchema<unknown, T>,
  signal: AbortSignal,
): Promise<readonly HostAnswer<T>[]> {
  return Promise.all(hosts.map(async (host) => ({ host, answer: parsed(await probes.host(host, probe, params, signal), schema) })));
}

function parsed<T>(answer: Answer<unknown>, schema: v.GenericSchema<unknown, T>): Answer<T> {
  if (!answer.ok) return answer;
  const result = v.safeParse(schema, answer.value);
  if (result.success) return { ok: true, value: result.output };
  return { ok: false, why: `answered in an unexpected shape (${result.issues[0].message}); is its agent of the same version?` };
}

/** One line per host that has something to complain about. */
export function complaints<T>(answers: readonly HostAnswer<T>[], complain: (value: T, host: HostId) => string | undefined): readonly string[] {
  return answers.flatMap(({ host, answer }) => {
    const why = answer.ok ? complain(answer.value, host) : answer.why;
    return why === undefined ? [] : [`${host}: ${why}`];
  });
}
