/** The wire over NATS against a real server: what every wire promises. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { wireConformance } from '../unit/wire/conformance.ts';
import { ground, until } from './support.ts';

wireConformance(test, async (t) => {
  const here = await ground(t);
  const [first, second] = here.hosts;
  if (first === undefined || second === undefined) throw new Error('two hosts are needed');
  let broker = await here.startBroker();
  const wire = await here.wire();
  await until('the coordinator is connected', () => wire.status().connected);
  return {
    wire,
    hosts: [first, second],
    async connect(host, { perform, answer }) {
      const link = here.link(host, { perform, answer });
      await until('the agent is connected', () => link.status().startsWith('connected'));
      return { beat: (heartbeat) => void link.publish(heartbeat), leave: () => link.close() };
    },
    interrupt: () => broker.stop(),
    async resumeWiped() {
      await rm(join(here.folder, 'broker/jetstream'), { recursive: true });
      broker = await here.startBroker();
      await until('the coordinator is connected again', () => wire.status().connected);
    },
  };
});
