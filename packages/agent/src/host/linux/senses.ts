/**
 * What probes sense on Linux: kernel tables from /proc, the neighbour table by `ip`, VRRP adverts by the helper beside the agent. Every
 * question has a time limit. Works in the network namespace that the agent runs in and sees no other.
 */
import { createSocket } from 'node:dgram';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import type { Neighbour, Senses } from '../../probes/senses.ts';
import { runProgram } from './run-program.ts';
import { holdersOf } from './socket-holders.ts';

const TOOL_TIMEOUT_MS = 3_000;
/** RFC 863 discard: nobody listens, and whoever does throws it away. */
const DISCARD_PORT = 9;
/** The helper ends by itself; this much later it is taken to hang. */
const HELPER_GRACE_MS = 2_000;

/** `helpers`: the folder of the small programs installed with the agent. */
export function linuxSenses({ helpers }: { readonly helpers: string }): Senses {
  return {
    kernelTable: (path) => readFile(path, 'utf8').catch(() => ''),
    holdersOf,
    knock,
    neighbour,
    async vrrpAdverts(networkInterface, forMs) {
      const answer = await runProgram(join(helpers, 'vrrp-listen'), [networkInterface, String(forMs)], forMs + HELPER_GRACE_MS);
      if (!answer.ok) throw new Error(`cannot hear VRRP on ${networkInterface}: ${answer.stderr.trim()}`);
      return answer.stdout.split('\n').filter((line) => line !== '');
    },
    clockSynchronised,
  };
}

function knock(address: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    // No route, or an answer that nobody listens: the neighbour table says what matters.
    socket.on('error', () => undefined);
    socket.send(Buffer.from([0]), DISCARD_PORT, address, () => socket.close(() => resolve()));
  });
}

async function neighbour(address: string): Promise<Neighbour | undefined> {
  const answer = await runProgram('/usr/sbin/ip', ['neighbour', 'show', 'to', address], TOOL_TIMEOUT_MS);
  if (!answer.ok) return isIPv6(address) ? undefined : neighbourByArpTable(address);
  return parseNeighbour(answer.stdout, address);
}

/** `192.0.2.40 dev eth0 lladdr 02:00:00:00:00:01 REACHABLE`; FAILED and INCOMPLETE come without an address. */
function parseNeighbour(text: string, address: string): Neighbour | undefined {
  const words = text.split('\n')[0]?.trim().split(/\s+/) ?? [];
  if (words[0] !== address) return undefined;
  const at = words.indexOf('lladdr');
  return { address, mac: at === -1 ? undefined : words[at + 1], state: words.at(-1) ?? '' };
}

const ARP_COMPLETE = 0x2;

/** Without iproute2: complete or not is all that this table tells. */
async function neighbourByArpTable(address: string): Promise<Neighbour | undefined> {
  const table = await readFile('/proc/net/arp', 'utf8').catch(() => '');
  for (const line of table.split('\n')) {
    const [ip, , flags, mac] = line.trim().split(/\s+/);
    if (ip !== address || flags === undefined) continue;
    const complete = (Number.parseInt(flags, 16) & ARP_COMPLETE) !== 0;
    return { address, mac: complete ? mac : undefined, state: complete ? 'REACHABLE' : 'INCOMPLETE' };
  }
  return undefined;
}

async function clockSynchronised(): Promise<boolean | undefined> {
  const answer = await runProgram('/usr/bin/timedatectl', ['show', '--property=NTPSynchronized', '--value'], TOOL_TIMEOUT_MS);
  const word = answer.stdout.trim();
  return answer.ok && (word === 'yes' || word === 'no') ? word === 'yes' : undefined;
}
