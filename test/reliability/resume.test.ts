/** One coordinator with its journal on disk, killed at moments of chance again and again: it resumes by itself, and each step takes effect once. */
import { fileStore } from '@reberth/coordinator/store/file-store.ts';
import test from 'ava';
import { ground } from '../integration/support.ts';
import { chanceOf } from '../support/rollout-world.ts';
import { natsCluster } from './nats-cluster.ts';
import { eachOnce, openAgent, restartPlan, startCoordinator } from './scene.ts';

const WAVES = 8;
const KILLS = 5;

for (const seed of [1, 2]) {
  test(`killed ${KILLS} times at moments of chance ${seed}, it resumes each time under a higher epoch`, async (t) => {
    const here = await ground(t);
    const { servers } = await natsCluster(here, 1);
    const agents = await Promise.all(here.hosts.map((host) => openAgent(here, host, WAVES, servers)));
    const plan = restartPlan(here.hosts, WAVES, 500);
    const coordinator = await startCoordinator(here, 'only', { servers, plan, store: 'file' });
    const chance = chanceOf(seed);
    for (let kill = 1; kill <= KILLS; kill += 1) {
      await coordinator.until('in command', ({ epoch }) => epoch === kill);
      await new Promise((resolve) => setTimeout(resolve, chance() * 900));
      coordinator.signal('SIGKILL');
    }
    t.is((await coordinator.until('ended')).outcome, 'done', `seed ${seed}`);
    for (const { restarts } of agents) t.deepEqual(restarts(), eachOnce(WAVES), `seed ${seed}`);
    const store = await fileStore(`${here.folder}/only`);
    const [rollout, ...others] = await store.rollouts();
    t.deepEqual(others, [], 'a rollout whose beginning was stored is not begun again');
    const events = rollout === undefined ? [] : await store.read(rollout);
    const epochs = events.flatMap(({ body }) => (body.type === 'created' || body.type === 'epoch-taken' ? [body.epoch] : []));
    t.deepEqual(
      epochs,
      [...epochs].sort((a, b) => a - b),
    );
    t.true(epochs.length > 1, 'it was killed in the middle of the rollout');
    await store.close();
  });
}
