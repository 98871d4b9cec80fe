/**
 * Every etcd member says that it is healthy. Looked at before each disturbance of a control-plane host: a cluster that has lost a
 * member already cannot spare another.
 */
import { hostId } from '@reberth/protocol/ids.ts';
import * as v from 'valibot';
import { defineGate, pass, wait } from './gate.ts';
import { askHosts, type HostAnswer } from './host-answer.ts';

const Health = v.object({ status: v.number(), body: v.string(), why: v.string() });
const Member = v.object({
  host: v.pipe(v.string(), v.transform(hostId)),
  url: v.string(),
  caFile: v.string(),
  certFile: v.string(),
  keyFile: v.string(),
});

export const etcdQuorum = defineGate({
  name: 'etcd-quorum',
  params: v.object({ members: v.array(Member) }),
  title: (p) => `all ${p.members.length} etcd members are healthy`,
  async probe(probes, p, signal): Promise<readonly HostAnswer<v.InferOutput<typeof Health>>[]> {
    const asked = p.members.map(({ host, ...target }) => askHosts(probes, [host], 'http', target, Health, signal));
    return (await Promise.all(asked)).flat();
  },
  judge(history) {
    const sample = history.at(-1)?.sample ?? [];
    const unwell = sample.flatMap(({ host, answer }) => {
      if (!answer.ok) return [`${host}: ${answer.why}`];
      if (answer.value.status === 200 && /"health"\s*:\s*"?true/.test(answer.value.body)) return [];
      return [
        `${host}: ${answer.value.why === '' ? `etcd answers ${answer.value.status} ${answer.value.body.trim().slice(0, 80)}` : answer.value.why}`,
      ];
    });
    if (unwell.length === 0) return pass();
    const left = sample.length - unwell.length;
    return wait(
      `${unwell.length} of ${sample.length} members unwell${left > sample.length / 2 ? ', quorum hangs on the rest' : ', no quorum'}: ${unwell.join('; ')}`,
    );
  },
});
