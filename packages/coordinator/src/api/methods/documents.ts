/** Questions whose answer is a document: report, hosts, facts, doctor. */
import * as v from 'valibot';
import { json, unary } from '../method.ts';

const Nothing = v.object({});

export const report = unary({
  name: 'Report',
  request: v.object({ rollout: v.string() }),
  handle: async (service, { rollout }) => json(await service.report(rollout)),
});
export const hosts = unary({ name: 'Hosts', request: Nothing, handle: async (service) => json(await service.hosts()) });
export const facts = unary({
  name: 'Facts',
  request: v.object({ host: v.string() }),
  handle: async (service, { host }, { signal }) => json(await service.facts(host, signal)),
});
export const doctor = unary({
  name: 'Doctor',
  request: Nothing,
  handle: async (service, _request, { signal }) => json(await service.doctor(signal)),
});
