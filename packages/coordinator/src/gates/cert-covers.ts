/**
 * The certificate that one API server serves right now covers every name that clients will check it against. Looks at what is served,
 * not at the file: a server that has not read the new file yet does not pass.
 */
import * as v from 'valibot';
import { defineGate, pass, wait } from './gate.ts';
import { askHosts, complaints, HostsParam } from './host-answer.ts';

const Answered = v.object({ covers: v.boolean(), names: v.array(v.string()), why: v.string() });

export const certCovers = defineGate({
  name: 'cert-covers',
  params: v.object({ address: v.string(), port: v.number(), caFile: v.string(), covers: v.array(v.string()), from: HostsParam }),
  title: (p) => `the certificate served at ${p.address}:${p.port} covers ${p.covers.join(' and ')}`,
  probe: async (probes, p, signal) =>
    Promise.all(
      p.covers.map(async (name) => ({
        name,
        answers: await askHosts(probes, p.from, 'endpoint', { address: p.address, port: p.port, caFile: p.caFile, verifyAs: name }, Answered, signal),
      })),
    ),
  judge(history) {
    const why = (history.at(-1)?.sample ?? []).flatMap(({ name, answers }) =>
      complaints(answers, ({ covers, names, why }) => {
        if (covers) return undefined;
        return names.length > 0 ? `${name} is not among ${names.join(', ')}` : why;
      }),
    );
    return why.length === 0 ? pass() : wait(why.join('; '));
  },
});
