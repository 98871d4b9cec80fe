/**
 * A rollout over a real nats-server and a bad wire: what is lost, late, doubled, reordered and played again; a broker that is killed and loses
 * its memory; connections that die without a word. It ends all the same, and every step took effect once.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { createExecutor, type Executor } from '@reberth/coordinator/executor/executor.ts';
import { memoryStore } from '@reberth/coordinator/store/memory-store.ts';
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { digest } from '@reberth/protocol/canonical.ts';
import { subjectsOf } from '@reberth/protocol/subjects.ts';
import test, { type ExecutionContext } from 'ava';
import { CLUSTER, ground, until } from '../integration/support.ts';
import { fakeWorld } from '../support/executor-fakes.ts';
import { chanceOf } from '../support/rollout-world.ts';
import { eachOnce, openAgent, restartPlan, restartsOf } from './scene.ts';
import { tcpProxy } from './tcp-proxy.ts';

const WAVES = 6;
const subjects = subjectsOf(CLUSTER);

interface Bad {
  /** What becomes of a message on its way; it goes on by calling `deliver`, as often and as late as it likes. */
  readonly ask?: (ask: Ask, deliver: () => Promise<void>) => Promise<void>;
  readonly report?: (report: Report, deliver: () => void) => void;
  /** Over a path of its own, so that it can go dead. */
  readonly proxied?: boolean;
}

async function scene(t: ExecutionContext, bad: Bad = {}, holdForMs = 100) {
  const here = await ground(t);
  const broker = await here.startBroker();
  const [agentPath, ownPath] = [await tcpProxy(here, here.listen), await tcpProxy(here, here.listen)];
  const via = (path: { readonly address: string }) => [bad.proxied === true ? path.address : here.listen];
  const agents = await Promise.all(here.hosts.map((host) => openAgent(here, host, WAVES, via(agentPath))));
  const wire = await here.wire({ servers: via(ownPath) });
  await until('the coordinator is connected', () => wire.status().connected);
  const store = memoryStore();
  const { ports } = fakeWorld(store);
  const send = (ask: Ask): Promise<void> => (bad.ask === undefined ? wire.ask(ask) : bad.ask(ask, () => wire.ask(ask)));
  const executor = await createExecutor({ ...ports, send, repeatMs: 500, log: here.log });
  here.later(async () => executor.stop());
  wire.onReport((report) => (bad.report === undefined ? executor.reported(report) : bad.report(report, () => executor.reported(report))));
  const plan = restartPlan(here.hosts, WAVES, holdForMs);
  const rollout = await executor.begin(plan, digest(plan), { by: 'test', holdAfter: undefined });
  return { here, broker, agents, wire, executor, rollout, agentPath, ownPath };
}

const ended = (executor: Executor, withinMs: number) =>
  until('the rollout has ended', () => executor.state('')?.standing === 'ended' && executor.state(''), withinMs);

for (const seed of [1, 2, 3]) {
  test(`lost, late, doubled and reordered, as chance ${seed} has it: it ends, each step once`, async (t) => {
    const chance = chanceOf(seed);
    const LATE_MS = 1_500;
    const { agents, executor } = await scene(t, {
      async ask(_ask, deliver) {
        const turn = chance();
        if (turn < 0.3) return;
        if (turn < 0.6)
          void setTimeout(chance() * LATE_MS)
            .then(deliver)
            .catch(() => undefined);
        if (turn >= 0.5) await deliver();
        if (turn > 0.8) await deliver();
      },
      report(_report, deliver) {
        const turn = chance();
        if (turn < 0.3) return;
        if (turn < 0.6) void setTimeout(chance() * LATE_MS).then(deliver);
        else deliver();
        if (turn > 0.8) deliver();
      },
    });
    t.is((await ended(executor, 45_000)).outcome, 'done', `seed ${seed}`);
    for (const { restarts } of agents) t.deepEqual(restarts(), eachOnce(WAVES), `seed ${seed}`);
  });
}

test('every ask played again by somebody who recorded it, at every host, again and again: each step once', async (t) => {
  const { here, agents, executor } = await scene(t, {}, 300);
  const tape = await here.raw(here.pki('coordinator'));
  const recorded: { readonly subject: string; readonly data: Uint8Array }[] = [];
  tape.subscribe(subjects.allAsks, {
    callback: (_error, { subject, data }) => {
      if (recorded.some((known) => Buffer.from(known.data).equals(data))) return;
      recorded.push({ subject, data });
      for (const one of recorded) {
        // To whom it was for, and to whom it was not.
        tape.publish(one.subject, one.data);
        for (const host of here.hosts) tape.publish(subjects.ask(host), one.data);
      }
    },
  });
  t.is((await ended(executor, 40_000)).outcome, 'done');
  t.true(recorded.length > WAVES);
  for (const { restarts } of agents) t.deepEqual(restarts(), eachOnce(WAVES));
});

test('the broker killed and its memory deleted, twice in the middle of a rollout: it ends, each step once', async (t) => {
  const { here, broker, agents, executor } = await scene(t, {}, 500);
  for (const done of [2, 6]) {
    await until(`${done} steps are done`, () => restartsOf(agents) >= done);
    const pid = broker.pid();
    if (pid === undefined) return t.fail('no broker');
    process.kill(pid, 'SIGKILL');
    await until('it is dead', () => broker.pid() !== pid);
    rmSync(join(here.folder, 'broker/jetstream'), { recursive: true, force: true });
  }
  t.is((await ended(executor, 45_000)).outcome, 'done');
  for (const { restarts } of agents) t.deepEqual(restarts(), eachOnce(WAVES));
});

/**
 * Three pings of 5 s without an answer (steady-connection.ts: PING_INTERVAL_MS, maxPingOut), then a new connection, then at most one more
 * repeat of the ask; and slack for a loaded machine.
 */
const DEAD_PATH_NOTICED_MS = 15_000 + 8_000;

test('connections of agents and coordinator that go dead without a word are replaced within a bound, and the rollout ends', async (t) => {
  const { agents, executor, agentPath, ownPath } = await scene(t, { proxied: true }, 500);
  await until('steps are done', () => restartsOf(agents) >= 2);
  const [before, own] = [agentPath.connections(), ownPath.connections()];
  const frozenAtMs = performance.now();
  agentPath.freeze();
  ownPath.freeze();
  const replaced = () => agentPath.connections() >= before + agents.length && ownPath.connections() > own;
  await until('every dead connection is replaced', replaced, DEAD_PATH_NOTICED_MS);
  t.log(`replaced after ${Math.round(performance.now() - frozenAtMs)} ms`);
  t.is((await ended(executor, 30_000)).outcome, 'done');
  for (const { restarts } of agents) t.deepEqual(restarts(), eachOnce(WAVES));
});

test('a partition in which new connections are heard by nobody is given up and tried again until it heals', async (t) => {
  const { agents, executor, agentPath } = await scene(t, { proxied: true }, 300);
  await until('steps are done', () => restartsOf(agents) >= 2);
  const before = agentPath.connections();
  agentPath.freeze('deaf');
  await until(
    'agents tried anew, and again after giving up',
    () => agentPath.connections() >= before + 2 * agents.length,
    DEAD_PATH_NOTICED_MS + 15_000,
  );
  const done = restartsOf(agents);
  agentPath.heal();
  t.is((await ended(executor, 30_000)).outcome, 'done');
  t.true(done < WAVES * agents.length);
  for (const { restarts } of agents) t.deepEqual(restarts(), eachOnce(WAVES));
});
