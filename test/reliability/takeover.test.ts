/** Two coordinators over one replicated journal: whatever becomes of the one that leads, the rollout ends, and each step took effect once. */
import { jetstreamJournal } from '@reberth/coordinator/store/jetstream-store.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import test, { type ExecutionContext } from 'ava';
import { CLUSTER, type Ground, ground, until } from '../integration/support.ts';
import { natsCluster } from './nats-cluster.ts';
import { eachOnce, openAgent, QUICK, restartPlan, restartsOf, startCoordinator } from './scene.ts';

const WAVES = 6;

async function scene(t: ExecutionContext, holdForMs: number) {
  const here = await ground(t);
  // One server is enough where none is killed.
  const { servers } = await natsCluster(here, 1);
  const agents = await Promise.all(here.hosts.map((host) => openAgent(here, host, WAVES, servers)));
  return { here, servers, agents, plan: restartPlan(here.hosts, WAVES, holdForMs) };
}

async function stored(here: Ground, servers: readonly string[]): Promise<readonly RolloutEvent[]> {
  const files = { caFile: here.pki('ca.crt'), certFile: here.pki('coordinator.crt'), keyFile: here.pki('coordinator.key') };
  const { store } = jetstreamJournal({ cluster: CLUSTER, servers, ...files, log: here.log });
  try {
    const [rollout, ...others] = await store.rollouts();
    if (rollout === undefined || others.length > 0) throw new Error(`one rollout is wanted, not ${others.length + 1}`);
    return await store.read(rollout);
  } finally {
    await store.close();
  }
}

/** Epochs only rise, and nobody writes under an earlier one. */
const epochsOf = (events: readonly RolloutEvent[]): readonly number[] =>
  events.flatMap(({ body }) => (body.type === 'created' || body.type === 'epoch-taken' ? [body.epoch] : []));

test('killed in the middle of a rollout, the standby takes over by itself and finishes it, each step once', async (t) => {
  const { here, servers, agents, plan } = await scene(t, 1_000);
  // Nothing is finished before both are there, however slow the machine.
  const held = agents.map((agent) => agent.hold());
  const first = await startCoordinator(here, 'first', { servers, plan, keepUp: false });
  await first.until('in command');
  const second = await startCoordinator(here, 'second', { servers, plan });
  await second.until('standing', ({ text }) => text === 'standby of first');
  for (const { free } of held) free();
  await until('some steps are done', () => restartsOf(agents) >= 4);
  first.signal('SIGKILL');
  t.is((await second.until('in command')).epoch, 2);
  t.is((await second.until('ended')).outcome, 'done');
  for (const agent of agents) t.deepEqual(agent.restarts(), eachOnce(WAVES));
  t.deepEqual(epochsOf(await stored(here, servers)), [1, 2]);
});

test('stopped and continued after the standby took over: its asks are refused by the hosts, it ends and stands by', async (t) => {
  const { here, servers, agents, plan } = await scene(t, 100);
  const [agent] = agents;
  if (agent === undefined) return t.fail('no agent');
  const held = agent.hold();
  // It would believe for an hour that it leads: what stops it must be hosts and journal.
  const first = await startCoordinator(here, 'first', { servers, plan, repeatMs: 100, limits: { ...QUICK, holdMs: 3_600_000 } });
  await first.until('in command');
  const second = await startCoordinator(here, 'second', { servers, plan });
  await second.until('standing', ({ text }) => text === 'standby of first');
  await until('an ask waits at the host', () => agent.asked.length > 0);
  first.signal('SIGSTOP');
  t.is((await second.until('in command')).epoch, 2);
  held.free();
  await until('the host has heard the second', () => agent.asked.some(({ epoch }) => epoch === 2));
  const again = agent.hold();
  first.signal('SIGCONT');
  await first.until('ending');
  again.free();
  await first.until('standing', ({ text }) => text === 'standby of second');
  t.is((await second.until('ended')).outcome, 'done');
  t.true(here.log.has(/ask refused.*epoch 2 has taken over/));
  t.true(agent.asked.every(({ epoch }, index) => epoch >= (agent.asked[index - 1]?.epoch ?? 0)));
  for (const { restarts } of agents) t.deepEqual(restarts(), eachOnce(WAVES));
  t.deepEqual(epochsOf(await stored(here, servers)), [1, 2]);
});

test('one that forgets to renew and goes on is shut out of the journal by who took over', async (t) => {
  const { here, servers, agents, plan } = await scene(t, 100);
  const held = agents.map((agent) => agent.hold());
  const forever = 3_600_000;
  const first = await startCoordinator(here, 'first', {
    servers,
    plan,
    limits: { renewMs: forever, holdMs: forever, expireMs: 3_000 },
    keepUp: false,
  });
  await first.until('in command');
  const second = await startCoordinator(here, 'second', { servers, plan });
  t.is((await second.until('in command')).epoch, 2);
  for (const { free } of held) free();
  t.regex((await first.until('ending')).why, /another coordinator has written to the journal/);
  t.is((await second.until('ended')).outcome, 'done');
  for (const { restarts } of agents) t.deepEqual(restarts(), eachOnce(WAVES));
});
