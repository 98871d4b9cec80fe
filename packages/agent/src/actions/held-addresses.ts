/** Looks at an interface after keepalived was told to read its file again: what must stay has stayed, what must go has gone, and it lasts. */
import type { HostReader } from '../host/host.ts';
import type { Check } from './action.ts';

export interface Wanted {
  readonly unit: string;
  readonly networkInterface: string;
  readonly held: readonly string[];
  readonly gone: readonly string[];
}

const EVERY_MS = 500;
/** A reload is carried out after systemctl has returned, and addresses were seen to drop a moment later. */
const LASTS_MS = 3_000;
const GIVE_UP_MS = 20_000;

export async function addressesSettle(host: HostReader, wanted: Wanted): Promise<Check> {
  const until = host.nowMs() + GIVE_UP_MS;
  let goodSinceMs: number | undefined;
  for (;;) {
    const why = await whyNot(host, wanted);
    const now = host.nowMs();
    goodSinceMs = why === '' ? (goodSinceMs ?? now) : undefined;
    if (goodSinceMs !== undefined && now - goodSinceMs >= LASTS_MS) return { ok: true };
    if (goodSinceMs === undefined && now >= until) return { ok: false, why: `${why}, still after ${GIVE_UP_MS / 1000} s` };
    await host.sleep(EVERY_MS);
  }
}

async function whyNot(host: HostReader, { unit, networkInterface, held, gone }: Wanted): Promise<string> {
  const { active } = await host.unit(unit);
  if (active !== 'active') return `${unit} is ${active}`;
  const there = await heldOn(host, networkInterface);
  const lost = held.filter((address) => !there.includes(address));
  const left = gone.filter((address) => there.includes(address));
  return [
    ...(lost.length > 0 ? [`${networkInterface} has lost ${lost.join(', ')}`] : []),
    ...(left.length > 0 ? [`${networkInterface} still holds ${left.join(', ')}`] : []),
  ].join(' and ');
}

export const heldOn = async (host: HostReader, networkInterface: string): Promise<readonly string[]> =>
  (await host.addresses(networkInterface)).map(({ address }) => address);
