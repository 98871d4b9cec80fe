/**
 * No Pod of the baseline was restarted, replaced or lost, and no Node became another. That is for good, so it fails; a Pod that is merely
 * not ready may become so again, and is waited for.
 */
import * as v from 'valibot';
import { compareWorkloads, podsNotReady } from '../kubernetes/workloads.ts';
import { defineGate, fail, pass, wait } from './gate.ts';

export const workloadsUnchanged = defineGate({
  name: 'workloads-unchanged',
  params: v.object({}),
  title: () => 'no Pod was restarted or replaced',
  probe: async (probes, _p, signal) => ({ baseline: probes.baseline(), now: await probes.cluster(signal) }),
  judge(history) {
    const sample = history.at(-1)?.sample;
    if (sample === undefined) return wait('not asked yet');
    const { baseline, now } = sample;
    if (!now.ok) return wait(`the cluster does not answer: ${now.why}`);
    if (baseline === undefined) return wait('no snapshot from before the rollout to compare with');
    const differences = compareWorkloads(baseline, now.value);
    if (differences.length > 0) return fail(differences.join('; '));
    const unready = podsNotReady(baseline, now.value);
    return unready.length === 0 ? pass() : wait(unready.join('; '));
  },
});
