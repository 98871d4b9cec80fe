/** Three real nats-servers under two coordinators: without one of them the rollout goes on, without two nothing is decided until they are back. */
import { subjectsOf } from '@reberth/protocol/subjects.ts';
import test, { type ExecutionContext } from 'ava';
import { CLUSTER, ground, until } from '../integration/support.ts';
import { natsCluster } from './nats-cluster.ts';
import { eachOnce, openAgent, restartPlan, restartsOf, startCoordinator } from './scene.ts';

const WAVES = 6;
const ELECTION_MS = 10_000;

async function scene(t: ExecutionContext, holdMs: number) {
  const here = await ground(t);
  const nats = await natsCluster(here);
  const agents = await Promise.all(here.hosts.map((host) => openAgent(here, host, WAVES, nats.servers)));
  const plan = restartPlan(here.hosts, WAVES, 1_000);
  const setting = { servers: nats.servers, plan, limits: { renewMs: 500, holdMs, expireMs: holdMs + 3_000 } };
  const first = await startCoordinator(here, 'first', setting);
  await first.until('in command');
  const second = await startCoordinator(here, 'second', setting);
  await second.until('standing', ({ text }) => text === 'standby of first');
  await until('a step is done', () => restartsOf(agents) >= 1);
  return { nats, agents, first, second };
}

test.serial('without the server that led the journal the same coordinator goes on', async (t) => {
  const { nats, agents, first, second } = await scene(t, ELECTION_MS);
  await nats.kill(await nats.leaderOf(subjectsOf(CLUSTER).journalStream));
  t.is((await first.until('ended')).outcome, 'done');
  t.is(first.starts(), 1);
  t.false(second.said.some(({ say }) => say === 'in command'));
  for (const { restarts } of agents) t.deepEqual(restarts(), eachOnce(WAVES));
});

test.serial('without two of three nothing is decided, and it goes on when they are back', async (t) => {
  const { nats, agents, first, second } = await scene(t, 4_000);
  await Promise.all([nats.kill(1), nats.kill(2)]);
  // What was decided before may still be done.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  const done = restartsOf(agents);
  t.true(done < WAVES * agents.length);
  await first.until('ending');
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  t.is(restartsOf(agents), done);
  await Promise.all([nats.start(1), nats.start(2)]);
  const ended = await until('one of them ended it', () => [...first.said, ...second.said].find(({ say }) => say === 'ended'), 40_000);
  t.deepEqual(ended, { say: 'ended', outcome: 'done' });
  for (const { restarts } of agents) t.deepEqual(restarts(), eachOnce(WAVES));
});
