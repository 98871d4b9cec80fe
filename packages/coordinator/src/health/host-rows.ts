/** How each host stands, by what was last heard of its agent. Pure. */
import type { HostId } from '@reberth/protocol/ids.ts';
import type { Heartbeat } from '@reberth/protocol/query.ts';
import type { HostRow } from '../api/service.ts';

export type Heartbeats = ReadonlyMap<HostId, { readonly heartbeat: Heartbeat; readonly heardAtMs: number }>;

/** An agent beats every second; some may be lost. */
export const SILENT_AFTER_MS = 5_000;

export const hostRows = (hosts: readonly HostId[], heartbeats: Heartbeats, nowMs: number): readonly HostRow[] =>
  hosts.map((id): HostRow => {
    const heard = heartbeats.get(id);
    if (heard === undefined) {
      return { id, state: 'never heard', agentVersion: '', heardSecondsAgo: undefined, bootId: '', openSteps: [], problems: [] };
    }
    const { agentVersion, bootId, openSteps, problems } = heard.heartbeat;
    const agoMs = Math.max(0, nowMs - heard.heardAtMs);
    const state = agoMs > SILENT_AFTER_MS ? 'silent' : problems.length > 0 ? 'unwell' : 'well';
    return { id, state, agentVersion, heardSecondsAgo: Math.round(agoMs / 1000), bootId, openSteps, problems };
  });

/** What is wrong with a host, in words; empty when nothing is. */
export function hostComplaints({ id, state, heardSecondsAgo, problems }: HostRow): readonly string[] {
  if (state === 'never heard') return [`${id}: agent was never heard`];
  if (state === 'silent') return [`${id}: agent has been silent for ${heardSecondsAgo} s`];
  return problems.map((problem) => `${id}: ${problem}`);
}
