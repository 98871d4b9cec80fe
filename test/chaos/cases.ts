/**
 * Every case, by hand: what is struck, in which stage, how the rollout may come to rest, and why requests may fail, where they may. In each
 * stage the fault meets the host that has something to do there.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import type { ChaosCase, Moment } from './case.ts';
import * as faults from './faults.ts';

/** Where each stage is at work; preflight and soak only look. */
const MOMENTS: readonly (Moment & { readonly on: string })[] = [
  { stage: 'preflight', on: '.43' },
  { stage: 'widen-certificates', host: '192.0.2.42', step: 'install', on: '.42' },
  { stage: 'widen-vip', host: '192.0.2.42', step: 'load', on: '.42' },
  { stage: 'switch', host: '192.0.2.43', step: 'kubelet', on: '.43' },
  { stage: 'sources', host: '192.0.2.41', on: '.41' },
  { stage: 'soak', on: '.44' },
  { stage: 'narrow-vip', host: '192.0.2.42', step: 'load', on: '.42' },
];

const momentOf = (stage: string): Moment => {
  const found = MOMENTS.find((moment) => moment.stage === stage);
  if (found === undefined) throw new Error(`internal error: no stage ${stage}`);
  const { on: _, ...moment } = found;
  return moment;
};

const agentKilled = MOMENTS.map(
  ({ stage, on }): ChaosCase => ({
    name: `agent-killed-in-${stage}`,
    fault: `SIGKILL to the agent of ${on}`,
    moment: momentOf(stage),
    strike: ({ lab }) => faults.kill(lab, on, 'reberth-agent'),
    // A step that was cut off in the middle is taken back by its host when the agent starts again, and the rollout with it.
    rests: ['done', 'rolled-back'],
  }),
);

const coordinatorKilled = MOMENTS.map(
  ({ stage }): ChaosCase => ({
    name: `coordinator-killed-in-${stage}`,
    fault: 'SIGKILL to the coordinator, its broker with it',
    moment: momentOf(stage),
    strike: ({ lab }) => faults.kill(lab, faults.COORDINATOR, 'reberth-coordinator'),
    rests: ['done'],
  }),
);

/** The other master is cut off from the first: both load balancers think that they are alone, and etcd has a silent link. */
const MASTERS_APART = 'the two masters, which are the two load balancers, cannot see each other';

const cutOff = MOMENTS.map(({ stage, on }): ChaosCase => {
  const host = on === faults.COORDINATOR || on === '.43' ? '.44' : on;
  return {
    name: `cut-off-in-${stage}`,
    fault: `${host} cut off from the coordinator's host for 20 s`,
    moment: stage === 'switch' ? { stage, host: '192.0.2.44' } : momentOf(stage),
    strike: ({ lab }) => faults.cutOff(lab, host),
    rests: host === '.42' ? ['done', 'rolled-back', 'held'] : ['done'],
    ...(host === '.42' ? { takesAway: MASTERS_APART } : {}),
  };
});

function named(cases: readonly ChaosCase[], name: string): ChaosCase {
  const found = cases.find((one) => one.name === name);
  if (found === undefined) throw new Error(`internal error: no case ${name}`);
  return found;
}

/** Several faults in one move: what one leaves behind meets the next. */
function oneAfterAnother(name: string, fault: string, [first, ...more]: readonly ChaosCase[]): ChaosCase {
  if (first === undefined) throw new Error(`internal error: ${name} has no faults`);
  return { name, fault, moment: first.moment, strike: first.strike, more, rests: ['done'] };
}

const powerCut: readonly ChaosCase[] = [
  {
    name: 'holder-off-in-widen-vip',
    fault: 'power of .42 (holder of the address, master) cut for 10 s',
    moment: momentOf('widen-vip'),
    strike: ({ lab }) => faults.powerCycle(lab, '.42'),
    rests: ['done', 'rolled-back', 'held'],
    lostPower: ['.42'],
    takesAway: 'the holder of the address is off',
  },
  {
    name: 'master-off-in-widen-certificates',
    fault: 'power of .42 (master, holder of the address) cut for 10 s',
    moment: momentOf('widen-certificates'),
    strike: ({ lab }) => faults.powerCycle(lab, '.42'),
    rests: ['done', 'rolled-back', 'held'],
    lostPower: ['.42'],
    takesAway: 'the holder of the address is off',
  },
  {
    name: 'coordinator-host-off-in-switch',
    fault: 'power of .41 (master, coordinator, operator) cut for 10 s',
    moment: momentOf('switch'),
    strike: ({ lab }) => faults.powerCycle(lab, '.41'),
    rests: ['done', 'rolled-back', 'held'],
    lostPower: ['.41'],
    takesAway: 'one of two API servers is off',
  },
  {
    name: 'node-off-in-switch',
    fault: 'power of .43 (canary, etcd) cut for 10 s',
    moment: momentOf('switch'),
    strike: ({ lab }) => faults.powerCycle(lab, '.43'),
    rests: ['done', 'rolled-back', 'held'],
    lostPower: ['.43'],
    takesAway: 'a member of etcd is off, perhaps its leader',
  },
  {
    name: 'holder-off-in-narrow-vip',
    fault: 'power of .42 (holder of the addresses, master) cut for 10 s',
    moment: momentOf('narrow-vip'),
    strike: ({ lab }) => faults.powerCycle(lab, '.42'),
    rests: ['done', 'rolled-back', 'held'],
    lostPower: ['.42'],
    takesAway: 'the holder of the address is off',
  },
];

const broker: readonly ChaosCase[] = [
  {
    name: 'nats-killed',
    fault: 'SIGKILL to nats-server',
    moment: momentOf('switch'),
    strike: ({ lab }) => faults.killBroker(lab),
    rests: ['done'],
  },
  {
    name: 'nats-wiped',
    fault: 'its JetStream folder deleted under the running nats-server',
    moment: momentOf('switch'),
    strike: ({ lab }) => faults.wipeBroker(lab),
    rests: ['done'],
  },
  {
    name: 'nats-killed-and-wiped',
    fault: 'JetStream folder deleted, SIGKILL to nats-server',
    moment: momentOf('switch'),
    async strike({ lab }) {
      await faults.wipeBroker(lab);
      await faults.killBroker(lab);
    },
    rests: ['done'],
  },
];

const together: readonly ChaosCase[] = [
  oneAfterAnother('coordinator-killed-in-every-stage', 'SIGKILL to the coordinator, in every stage of one move', coordinatorKilled),
  oneAfterAnother(
    'one-thing-after-another-in-switch',
    'coordinator killed at the canary, .44 cut off for 20 s at its turn, nats-server killed and wiped at the first master',
    [
      named(coordinatorKilled, 'coordinator-killed-in-switch'),
      named(cutOff, 'cut-off-in-switch'),
      { ...named(broker, 'nats-killed-and-wiped'), moment: { stage: 'switch', host: '192.0.2.41' } },
    ],
  ),
];

const services: readonly ChaosCase[] = [
  ...['.43', '.45'].map(
    (host): ChaosCase => ({
      name: `kubelet-fails-on-${host === '.43' ? 'canary' : 'later-node'}`,
      fault: `kubelet of ${host} does not come back with the new address`,
      moment: momentOf('widen-certificates'),
      prepare: ({ lab }) => faults.breakKubelet(lab, host),
      strike: async () => undefined,
      clear: ({ lab }) => faults.mendKubelet(lab, host),
      rests: ['rolled-back'],
    }),
  ),
  {
    name: 'keepalived-refuses-its-file',
    fault: 'keepalived of .42 says that the new file is wrong',
    moment: { stage: 'widen-certificates' },
    strike: ({ lab }) => faults.refuseFiles(lab, '.42'),
    clear: ({ lab }) => faults.acceptFiles(lab, '.42'),
    rests: ['rolled-back'],
  },
  {
    name: 'keepalived-does-not-reload',
    fault: 'systemctl reload keepalived fails on .42',
    moment: { stage: 'widen-certificates' },
    strike: ({ lab }) => faults.breakReload(lab, '.42', 'keepalived'),
    mend: ({ lab }) => faults.dropDropIn(lab, '.42', 'keepalived'),
    clear: ({ lab }) => faults.dropDropIn(lab, '.42', 'keepalived'),
    rests: ['held', 'rolled-back'],
  },
];

const ETCD_GONE = 'without quorum the API answers nothing';

const etcd: readonly ChaosCase[] = [
  {
    name: 'etcd-without-quorum-for-a-while',
    fault: 'etcd of .42 and .43 stopped for 40 s once the first certificate is being replaced',
    moment: { stage: 'widen-certificates', host: '192.0.2.41' },
    async strike({ lab }) {
      await faults.stopUnit(lab, ['.42', '.43'], 'etcd');
      await sleep(40_000);
      await faults.startUnit(lab, ['.42', '.43'], 'etcd');
    },
    rests: ['done', 'rolled-back', 'held'],
    takesAway: ETCD_GONE,
    judge: (events) => nextMasterWaited(events, 30_000),
  },
  {
    name: 'etcd-without-quorum',
    fault: 'etcd of .42 and .43 stopped until the rollout rests',
    moment: { stage: 'widen-certificates', host: '192.0.2.41' },
    strike: ({ lab }) => faults.stopUnit(lab, ['.42', '.43'], 'etcd'),
    mend: ({ lab }) => faults.startUnit(lab, ['.42', '.43'], 'etcd'),
    clear: ({ lab }) => faults.startUnit(lab, ['.42', '.43'], 'etcd'),
    rests: ['rolled-back', 'held'],
    takesAway: ETCD_GONE,
    judge: (events) => nextMasterWaited(events, 60_000),
  },
];

/** Nothing was asked of the second master for so long after the first was asked to install. */
function nextMasterWaited(events: readonly RolloutEvent[], forMs: number): readonly string[] {
  const asked = (host: string) =>
    events.find(({ body }) => body.type === 'asked' && body.operation === 'do' && body.step.startsWith(`widen-certificates/${host}/`))?.atMs;
  const [first, second] = [asked('192.0.2.41'), asked('192.0.2.42')];
  if (first === undefined) return ['the first master was never asked'];
  if (second === undefined || second - first >= forMs) return [];
  return [`the second master was asked ${Math.round((second - first) / 1000)} s after the first, while etcd had no quorum`];
}

const operator: readonly ChaosCase[] = [
  {
    name: 'operator-interrupts',
    fault: 'ctrl-C at reberth apply',
    moment: momentOf('switch'),
    strike: ({ lab }) => faults.interruptApply(lab),
    rests: ['paused'],
  },
  {
    name: 'operator-interrupts-a-load',
    fault: 'ctrl-C at reberth apply while keepalived loads the new address',
    moment: momentOf('widen-vip'),
    strike: ({ lab }) => faults.interruptApply(lab),
    rests: ['paused'],
  },
];

export const CASES: readonly ChaosCase[] = [
  ...together,
  ...agentKilled,
  ...coordinatorKilled,
  ...powerCut,
  ...cutOff,
  ...broker,
  ...services,
  ...etcd,
  ...operator,
];

/** Looked for and not there. */
export const NOT_STRUCK: readonly (readonly [string, string])[] = [
  ['haproxy-refuses-its-file', 'no step changes or reloads haproxy: it listens on every address, so the move has nothing to ask of it'],
];
