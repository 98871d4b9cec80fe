/**
 * Addresses on this host's interfaces, those included that keepalived adds beside the first. By iproute2; where it is absent, by what Node
 * sees of interfaces that are up.
 */
import { networkInterfaces } from 'node:os';
import * as v from 'valibot';
import { runProgram } from './run-program.ts';

const IP = '/usr/sbin/ip';
const TIMEOUT_MS = 3_000;

const AddressList = v.array(
  // An interface without a name is an empty object in some versions.
  v.object({ ifname: v.optional(v.string(), ''), addr_info: v.optional(v.array(v.object({ local: v.optional(v.string()) })), []) }),
);

export interface HeldAddress {
  readonly networkInterface: string;
  readonly address: string;
}

export async function heldAddresses(networkInterface?: string): Promise<readonly HeldAddress[]> {
  const all = (await byIproute()) ?? byNode();
  return networkInterface === undefined ? all : all.filter((held) => held.networkInterface === networkInterface);
}

async function byIproute(): Promise<readonly HeldAddress[] | undefined> {
  const answer = await runProgram(IP, ['-json', 'address', 'show'], TIMEOUT_MS);
  if (!answer.ok) return undefined;
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), AddressList), answer.stdout.trim() === '' ? '[]' : answer.stdout);
  if (!parsed.success) return undefined;
  return parsed.output.flatMap(({ ifname, addr_info }) =>
    addr_info.flatMap(({ local }) => (local === undefined || ifname === '' ? [] : [{ networkInterface: ifname, address: local }])),
  );
}

const byNode = (): readonly HeldAddress[] =>
  Object.entries(networkInterfaces()).flatMap(([networkInterface, held]) =>
    // Link-local IPv6 addresses carry their interface in some versions.
    (held ?? []).map(({ address }) => ({ networkInterface, address: address.split('%')[0] ?? address })),
  );
