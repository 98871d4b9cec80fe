/** Waiting for a program that was started again: asked over and over until it says that it is well, or the time is over. */
import type { HostReader } from '../host/host.ts';
import type { Check } from './action.ts';
import type { Health } from './params.ts';

const EVERY_MS = 500;
const TIMEOUT_MS = 2_000;

export async function waitForHealth(host: HostReader, unit: string, health: Health): Promise<Check> {
  return waitUntil(host, health.withinMs, async () => {
    const answer = await host.http(health.url, { timeoutMs: TIMEOUT_MS });
    if (answer.status === 200) return { ok: true };
    const { active, sub } = await host.unit(unit);
    return {
      ok: false,
      why: `${unit} is ${active} (${sub}) and ${health.url} answers ${answer.status === 0 ? `nothing: ${answer.why}` : answer.status}`,
    };
  });
}

/** Looks at least once. The reason is that of the last look, with how long was waited. */
export async function waitUntil(host: HostReader, withinMs: number, look: () => Promise<Check>): Promise<Check> {
  const until = host.nowMs() + withinMs;
  for (;;) {
    const check = await look();
    if (check.ok) return check;
    if (host.nowMs() + EVERY_MS > until) return { ok: false, why: `${check.why}, still after ${withinMs / 1000} s` };
    await host.sleep(EVERY_MS);
  }
}

/** For the ways back, where a bad end is an exception. */
export function mustBe(check: Check, deed: string): void {
  if (!check.ok) throw new Error(`cannot ${deed}: ${check.why}`);
}
