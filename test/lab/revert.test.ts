/**
 * Dead man's revert on a real cluster: a load balancer has read the file with the new address, and then nobody confirms it, because a host cannot
 * be heard that would have to see the old address answer. The coordinator and its broker are gone in every case; in some the agent is too, or the
 * power. The host takes the step back by itself, and the rollout, asked
 * again, finds that out and turns back.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { sha256 } from '@reberth/protocol/canonical.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import { type Plan, type Step, stepsOf } from '@reberth/protocol/plan.ts';
import type { RolloutReport } from '@reberth/protocol/rollout-report.ts';
import anyTest, { type ExecutionContext, type TestFn } from 'ava';
import { type Lab, openLab } from '../../lab/src/index.ts';
import { type Cluster, clusterOf, NEW, OLD } from '../support/lab/cluster.ts';

const test = anyTest as TestFn<undefined>;
const SYSTEMCTL = '/usr/bin/systemctl';
const CONFIRM_WITHIN_S = 15;
/** What a host may need beyond the deadline, a reload and addresses that settle included. */
const ALLOWED_MS = 15_000;
const BALANCERS = ['.41', '.42'];
const UNHEARD = '.45';

let lab: Lab;
let cluster: Cluster;

test.before('raise the lab', async (t) => {
  t.timeout(30 * 60_000);
  lab = openLab({ name: 'test-revert' });
  await lab.up();
  cluster = clusterOf(lab);
});

test.after.always('take the lab down', async () => {
  if (process.env['REBERTH_KEEP_LAB'] === undefined) await lab.down();
});

test.serial('with the coordinator and its broker gone, the agent takes back what was not confirmed', async (t) => {
  await unconfirmed(t, '.42', {
    async strike() {
      await stopCoordinator();
      const { stdout } = await lab.exec('.42', ['/opt/reberth/bin/reberth-agent', 'status']);
      t.regex(stdout, /armed: taken back in \d+ s unless it is confirmed/);
    },
    restore: async () => undefined,
  });
});

test.serial('with the agent killed and not started again, a timer of the host takes it back', async (t) => {
  const dropIn = '/etc/systemd/system/reberth-agent.service.d/stays-dead.conf';
  const reload = () => must('.41', SYSTEMCTL, 'daemon-reload');
  await unconfirmed(t, '.41', {
    async prepare() {
      await lab.writeFile('.41', dropIn, '[Service]\nRestart=no\n');
      await reload();
    },
    async strike() {
      await Promise.all([stopCoordinator(), must('.41', SYSTEMCTL, 'kill', '--signal=KILL', 'reberth-agent')]);
      // Timers are kept over this.
      await reload();
    },
    async restore() {
      t.not((await lab.exec('.41', [SYSTEMCTL, 'is-active', 'reberth-agent'])).stdout.trim(), 'active', 'nobody but the timer did it');
      await must('.41', '/usr/bin/rm', '-r', '/etc/systemd/system/reberth-agent.service.d');
      await reload();
      await must('.41', SYSTEMCTL, 'start', 'reberth-agent');
    },
  });
});

test.serial('with the agent hung and the lock in its hand, it is ended and the step taken back', async (t) => {
  await unconfirmed(t, '.41', {
    strike: async () => void (await Promise.all([stopCoordinator(), must('.41', SYSTEMCTL, 'kill', '--signal=STOP', 'reberth-agent')])),
    restore: async () => undefined,
  });
});

test.serial('after the power was away, and with no agent to start, the boot takes it back', async (t) => {
  await unconfirmed(t, '.41', {
    prepare: () => must('.41', SYSTEMCTL, '--quiet', 'disable', 'reberth-agent'),
    async strike() {
      await lab.powerOff('.41');
      await lab.powerOn('.41');
    },
    async restore() {
      t.is((await lab.exec('.41', [SYSTEMCTL, 'is-active', 'reberth-agent'])).stdout.trim(), 'inactive', 'nobody but the boot did it');
      await must('.41', SYSTEMCTL, '--quiet', 'enable', '--now', 'reberth-agent');
    },
  });
});

interface Blow {
  prepare?(): Promise<void>;
  /** Right after the host has said that it reads the new file. */
  strike(): Promise<void>;
  /** Once the host has taken it back. */
  restore(): Promise<void>;
}

async function unconfirmed(t: ExecutionContext, host: string, blow: Blow): Promise<void> {
  t.timeout(5 * 60_000);
  const before = await cluster.files();
  const { code, stdout, stderr } = await cluster.plan(NEW, '--confirm-within', String(CONFIRM_WITHIN_S));
  t.is(code, 0, `${stdout}${stderr}`);
  const step = await loadStep(host);
  await blow.prepare?.();

  const { armedAtMs, ended } = await strikeAfter(step, blow);
  await within(armedAtMs + CONFIRM_WITHIN_S * 1_000 + ALLOWED_MS, () => notAsBefore(host, step));
  t.log(`as before ${Math.round((Date.now() - armedAtMs) / 100) / 10} s after it was armed`);
  await blow.restore();
  await lab.heal();

  await must('.41', SYSTEMCTL, 'start', 'reberth-coordinator');
  const report = await rolledBack();
  t.log(report.why);
  t.regex(report.why, /taken back here before it was confirmed/);
  const told = report.hosts.flatMap(({ id, steps }) => (id.endsWith(host) ? steps.filter(({ title }) => title === step.title) : []));
  t.deepEqual(
    told.map(({ outcome }) => outcome),
    ['undone'],
  );
  const after = await cluster.files();
  t.deepEqual(
    [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name)),
    [],
  );
  t.deepEqual(await cluster.holding(NEW), []);
  await ended;
}

async function loadStep(host: string): Promise<Step> {
  const plan = JSON.parse(String(await lab.readFile('.41', '/root/plan.json'))) as { readonly plan?: Plan } & Plan;
  for (const { step } of stepsOf(plan.plan ?? plan))
    if (step.kind === 'vrrp-instance-loaded' && step.host.endsWith(host) && step.id.startsWith('widen-vip/')) return step;
  throw new Error(`the plan loads nothing on ${host}`);
}

/** Resolves when the blow was struck; `ended` when `reberth apply` is over, which has lost its coordinator. */
async function strikeAfter(step: Step, blow: Blow): Promise<{ readonly armedAtMs: number; readonly ended: Promise<unknown> }> {
  return new Promise((resolve, reject) => {
    let struck = false;
    const onEvent = ({ body }: RolloutEvent): void => {
      // The exit gate of the wave waits for every host; a load takes seconds, this does not.
      if (body.type === 'asked' && body.step === step.id && body.operation === 'do') lab.partition('.41', UNHEARD).catch(reject);
      if (struck || body.type !== 'reported' || body.report.step !== step.id || body.report.operation !== 'do') return;
      struck = true;
      const { outcome, why, startedAtMs } = body.report;
      if (outcome === 'done') blow.strike().then(() => resolve({ armedAtMs: startedAtMs, ended }), reject);
      else reject(new Error(`the load was ${outcome}: ${why}`));
    };
    const ended: Promise<unknown> = cluster.apply(onEvent).then(
      ({ stderr, code }) => struck || reject(new Error(`the rollout ended with ${code} before the load: ${stderr}`)),
      (error: unknown) => struck || reject(error as Error),
    );
  });
}

const stopCoordinator = (): Promise<void> => must('.41', SYSTEMCTL, 'stop', 'reberth-coordinator');

/** What of the host is not as it was before the step; empty when all is. */
async function notAsBefore(host: string, { expect }: Step): Promise<string> {
  for (const { path, before } of expect) {
    const { code } = await lab.exec(host, ['/usr/bin/test', '-e', path]);
    const found = code === 0 ? sha256(await lab.readFile(host, path)) : 'absent';
    if (found !== before) return `${path} is ${found}, and was ${before}`;
  }
  if ((await addressesOf(host)).includes(NEW)) return `${host} holds ${NEW}`;
  const holders: string[] = [];
  for (const balancer of BALANCERS) if ((await addressesOf(balancer)).includes(OLD)) holders.push(balancer);
  return holders.length === 1 ? '' : `${OLD} is on ${holders.join(' and ') || 'nobody'}`;
}

async function addressesOf(host: string): Promise<readonly string[]> {
  const { stdout } = await lab.exec(host, ['/usr/sbin/ip', '-json', '-4', 'address', 'show', 'dev', 'eth0']);
  const [link] = JSON.parse(stdout) as { readonly addr_info: readonly { readonly local: string }[] }[];
  return (link?.addr_info ?? []).map(({ local }) => local);
}

async function within(untilMs: number, look: () => Promise<string>): Promise<void> {
  for (;;) {
    const why = await look();
    if (why === '') return;
    if (Date.now() > untilMs) throw new Error(`not as before in time: ${why}`);
    await wait(500);
  }
}

async function rolledBack(): Promise<RolloutReport> {
  for (const untilMs = Date.now() + 150_000; ; ) {
    const { code, stdout } = await cluster.reberth('report', '--format', 'json');
    const report = code === 0 ? (JSON.parse(stdout) as RolloutReport) : undefined;
    if (report?.outcome === 'rolled-back') return report;
    if (Date.now() > untilMs) throw new Error(`not rolled back in time: ${report?.outcome}: ${report?.why}`);
    await wait(1_000);
  }
}

async function must(host: string, ...argv: readonly string[]): Promise<void> {
  const { code, stderr } = await lab.exec(host, argv);
  if (code !== 0) throw new Error(`cannot run ${argv.join(' ')} on ${host}: ${stderr}`);
}
