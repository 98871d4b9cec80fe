/**
 * What probes sense on Linux: kernel tables from /proc, routes by `ip`, ARP and VRRP by the helpers beside the agent. Every
 * question has a time limit. Works in the network namespace that the agent runs in and sees no other.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import type { Route, Senses } from '../../probes/senses.ts';
import { runProgram } from './run-program.ts';
import { holdersOf } from './socket-holders.ts';

const TOOL_TIMEOUT_MS = 3_000;
/** The helper ends by itself; this much later it is taken to hang. */
const HELPER_GRACE_MS = 2_000;

/** `helpers`: the folder of the small programs installed with the agent. */
export function linuxSenses({ helpers }: { readonly helpers: string }): Senses {
  return {
    kernelTable: (path) => readFile(path, 'utf8').catch(() => ''),
    holdersOf,
    routeTo,
    async arpAnswers(networkInterface, address, forMs) {
      const answer = await runProgram(join(helpers, 'arp-probe'), [networkInterface, address, String(forMs)], forMs + HELPER_GRACE_MS);
      if (!answer.ok) throw new Error(`cannot ask for ${address} on ${networkInterface}: ${answer.stderr.trim()}`);
      return linesOf(answer.stdout);
    },
    async vrrpAdverts(networkInterface, forMs) {
      const answer = await runProgram(join(helpers, 'vrrp-listen'), [networkInterface, String(forMs)], forMs + HELPER_GRACE_MS);
      if (!answer.ok) throw new Error(`cannot hear VRRP on ${networkInterface}: ${answer.stderr.trim()}`);
      return linesOf(answer.stdout);
    },
    clockSynchronised,
  };
}

const Routes = v.array(v.object({ dev: v.string(), gateway: v.optional(v.string()) }));

async function routeTo(address: string): Promise<Route | undefined> {
  const answer = await runProgram('/usr/sbin/ip', ['-json', 'route', 'get', address], TOOL_TIMEOUT_MS);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Routes), answer.stdout);
  const [route] = answer.ok && parsed.success ? parsed.output : [];
  return route === undefined ? undefined : { networkInterface: route.dev, gateway: route.gateway };
}

async function clockSynchronised(): Promise<boolean | undefined> {
  const answer = await runProgram('/usr/bin/timedatectl', ['show', '--property=NTPSynchronized', '--value'], TOOL_TIMEOUT_MS);
  const word = answer.stdout.trim();
  return answer.ok && (word === 'yes' || word === 'no') ? word === 'yes' : undefined;
}

const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '');
