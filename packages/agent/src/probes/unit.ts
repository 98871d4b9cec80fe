/** How a systemd unit of this host is doing. A unit that does not exist is an answer. */
import * as v from 'valibot';
import { defineProbe } from './probe.ts';

export const unitProbe = defineProbe({
  name: 'unit',
  params: v.object({ name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9@_.:-]+\.(service|socket|timer|target)$/)) }),
  run: ({ host }, { name }) => host.unit(name),
});
