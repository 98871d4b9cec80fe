/** A small host and small senses that answer from what the test says. A question that the test did not prepare fails it. */
import type { HostReader } from '@reberth/agent/host/host.ts';
import type { Senses } from '@reberth/agent/probes/senses.ts';

/** Time passes only by sleeping. */
export function fakeHost(parts: Partial<HostReader> = {}): HostReader {
  let now = 1_000_000;
  const unprepared = (name: string) => async () => {
    throw new Error(`the test has no ${name}`);
  };
  return {
    readFile: unprepared('readFile'),
    list: unprepared('list'),
    unit: unprepared('unit'),
    addresses: async () => [],
    check: unprepared('check'),
    http: unprepared('http'),
    tls: unprepared('tls'),
    nowMs: () => now,
    sleep: async (ms) => {
      now += ms;
    },
    ...parts,
  };
}

export function fakeSenses(parts: Partial<Senses> = {}): Senses {
  return {
    kernelTable: async () => '',
    holdersOf: async () => new Map(),
    routeTo: async () => ({ networkInterface: 'eth0', gateway: undefined }),
    arpAnswers: async () => [],
    vrrpAdverts: async () => [],
    clockSynchronised: async () => undefined,
    ...parts,
  };
}
