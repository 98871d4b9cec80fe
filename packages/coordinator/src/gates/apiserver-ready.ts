/**
 * One API server, asked at its own address with the coordinator's credentials, says that it is ready.
 */
import * as v from 'valibot';
import { defineGate, pass, wait } from './gate.ts';

export const apiserverReady = defineGate({
  name: 'apiserver-ready',
  params: v.object({ address: v.string(), port: v.number() }),
  title: (p) => `API server ${p.address}:${p.port} is ready`,
  probe: (probes, p, signal) => probes.api(p.address, p.port, '/readyz', signal),
  judge(history, p) {
    const answer = history.at(-1)?.sample;
    if (answer === undefined) return wait('not asked yet');
    if (!answer.ok) return wait(`cannot reach ${p.address}:${p.port}: ${answer.why}`);
    if (answer.value.status !== 200) return wait(`${p.address}:${p.port} answers /readyz with ${answer.value.status}`);
    return pass();
  },
});
