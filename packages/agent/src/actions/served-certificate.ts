/** Which certificate an endpoint of this host serves: the only witness of what its program has read. */
import * as v from 'valibot';
import { leafOf } from '../certificates/describe.ts';
import type { HostReader } from '../host/host.ts';
import type { Check } from './action.ts';
import { waitUntil } from './health.ts';

export const ServedSchema = v.object({
  address: v.pipe(v.string(), v.minLength(1)),
  port: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535)),
});
export type Served = v.InferOutput<typeof ServedSchema>;

/** kube-apiserver looks at its files once a minute at most, and at once when the folder tells it. */
const WITHIN_MS = 60_000;
const TIMEOUT_MS = 3_000;

export const serves = async (host: HostReader, served: Served, pem: string): Promise<boolean> => (await look(host, served, pem)).ok;

export const waitUntilServed = (host: HostReader, served: Served, pem: string): Promise<Check> =>
  waitUntil(host, WITHIN_MS, () => look(host, served, pem));

async function look(host: HostReader, { address, port }: Served, pem: string): Promise<Check> {
  const answer = await host.tls(address, port, { timeoutMs: TIMEOUT_MS });
  const found = leafOf(answer.certificatePem)?.fingerprint256;
  if (found === undefined) return { ok: false, why: `${address} port ${port} serves no certificate: ${answer.why}` };
  return found === leafOf(pem)?.fingerprint256 ? { ok: true } : { ok: false, why: `${address} port ${port} serves another certificate` };
}
