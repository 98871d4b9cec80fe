/**
 * The lab under fire, a chosen few of `npm run chaos`: a fault in the middle of a move, and afterwards no mixture, an honest report, one command
 * out, and no failed request but where the fault itself takes the address away. Each case ends at the old address, where the next begins.
 */
import anyTest, { type TestFn } from 'ava';
import { type Lab, openLab } from '../../lab/src/index.ts';
import { CASES } from '../chaos/cases.ts';
import { withClientFiles } from '../chaos/client-files.ts';
import { underFire } from '../chaos/under-fire.ts';
import { clusterOf } from '../support/lab/cluster.ts';

const test = anyTest as TestFn<undefined>;
let lab: Lab;

/** Case → what a reader of the test's titles wants to know. */
const CHOSEN: Readonly<Record<string, string>> = {
  'agent-killed-in-switch': 'an agent killed while it moves a kubelet finishes the step or takes it back, and says which',
  'one-thing-after-another-in-switch':
    'a coordinator killed, then a host cut off, then a broker killed and wiped in one switch: the move is finished, and no request fails',
  'holder-off-in-widen-vip':
    'a load balancer that loses power while it loads the new address leaves no mixture, an honest report and one command out',
};

test.before('raise the lab', async (t) => {
  t.timeout(30 * 60_000);
  lab = openLab({ name: 'test-fire' });
  await lab.up();
});

test.after.always('take the lab down', async () => {
  if (process.env['REBERTH_KEEP_LAB'] === undefined) await lab.down();
});

for (const [name, title] of Object.entries(CHOSEN)) {
  test.serial(title, async (t) => {
    const theCase = CASES.find((one) => one.name === name);
    if (theCase === undefined) return t.fail(`there is no case ${name}`);
    const result = await withClientFiles(lab, (files) => underFire({ lab, cluster: clusterOf(lab) }, theCase, files));
    t.log(`${result.course}; ${result.failed} of ${result.requests} requests failed, longest gap ${result.longestGapMs} ms; ${result.seconds} s`);
    t.deepEqual(result.wrong, [], result.failures.join('\n'));
    t.true(result.requests > 100);
  });
}
