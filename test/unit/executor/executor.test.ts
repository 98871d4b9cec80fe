/** Decisions made to happen: stored before acted on, kept at until answered, taken over after a restart. */
import { createExecutor, type Executor } from '@reberth/coordinator/executor/executor.ts';
import { memoryStore } from '@reberth/coordinator/store/memory-store.ts';
import { digest } from '@reberth/protocol/canonical.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import { rolloutId, stageId } from '@reberth/protocol/ids.ts';
import test from 'ava';
import { type FakeWorld, fakeWorld } from '../../support/executor-fakes.ts';
import { smallPlan } from '../../support/plan.ts';

const never = new AbortController().signal;

async function started(world: FakeWorld): Promise<Executor> {
  const executor = await createExecutor(world.ports);
  world.report = executor.reported;
  return executor;
}

const begin = (executor: Executor, holdAfter?: string) =>
  executor.begin(smallPlan(), digest(smallPlan()), { by: 'tester', holdAfter: holdAfter === undefined ? undefined : stageId(holdAfter) });

/** Events until it ends or is held. */
async function followed(executor: Executor, rollout: string, afterSeq = 0): Promise<readonly RolloutEvent[]> {
  const events: RolloutEvent[] = [];
  for await (const event of executor.events(rollout, afterSeq, true, never)) events.push(event);
  return events;
}

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
};

test('a plan whose hosts and gates are well ends done; each step is asked once, confirmed where the host waits for it, and gets its certificate', async (t) => {
  const world = fakeWorld(memoryStore());
  const executor = await started(world);
  const rollout = await begin(executor);
  await followed(executor, rollout);
  t.is(executor.state(rollout)?.outcome, 'done');
  t.deepEqual(
    world.asks.map(({ operation, step }) => `${operation} ${step}`),
    ['do a/1', 'do b/1', 'do a/2', 'do c/1', 'confirm c/1', 'do d/request', 'do d/install'],
  );
  t.deepEqual(world.asks.at(-1)?.inputs, { certificate: 'certificate' });
  executor.stop();
});

test('an ask is stored before it is sent', async (t) => {
  const store = memoryStore();
  const world = fakeWorld(store);
  const unstored: string[] = [];
  const { send } = world.ports;
  const ports = {
    ...world.ports,
    send: async (ask: Parameters<typeof send>[0]) => {
      const stored = (await store.read(ask.rollout)).some(
        ({ body }) => body.type === 'asked' && body.step === ask.step && body.operation === ask.operation,
      );
      if (!stored) unstored.push(ask.step);
      await send(ask);
    },
  };
  const executor = await createExecutor(ports);
  world.report = executor.reported;
  await followed(executor, await begin(executor));
  t.deepEqual(unstored, []);
  t.true(world.asks.length > 0);
  executor.stop();
});

test('a failing step turns everything back in reverse, and the rest is never started', async (t) => {
  const world = fakeWorld(memoryStore());
  world.answer = ({ step, operation }) =>
    step === 'c/1' && operation === 'do' ? { outcome: 'failed', left: 'before', why: 'kubelet does not come back' } : {};
  const executor = await started(world);
  const rollout = await begin(executor);
  await followed(executor, rollout);
  const state = executor.state(rollout);
  t.is(state?.outcome, 'rolled-back');
  t.regex(state?.why ?? '', /c: step c\/1: kubelet does not come back/);
  t.deepEqual(
    world.asks.filter(({ operation }) => operation === 'undo').map(({ step }) => step),
    ['c/1', 'a/2', 'b/1', 'a/1'],
  );
  t.false(world.asks.some(({ step }) => step.startsWith('d/')));
  executor.stop();
});

test('a stage whose policy says so is taken back alone, held, and tried anew on resume', async (t) => {
  const world = fakeWorld(memoryStore());
  world.verdicts.set('exit-two', { is: 'fail', why: 'not as it should be' });
  const executor = await started(world);
  const rollout = await begin(executor);
  const events = await followed(executor, rollout);
  t.is(executor.state(rollout)?.standing, 'held');
  t.deepEqual(
    world.asks.filter(({ operation }) => operation === 'undo').map(({ step }) => step),
    ['d/install', 'd/request'],
  );
  world.verdicts.clear();
  await executor.command(rollout, 'resume', 'tester');
  await followed(executor, rollout, events.length);
  t.is(executor.state(rollout)?.outcome, 'done');
  executor.stop();
});

test('paused, nothing new is asked; resumed, it goes on to the end', async (t) => {
  const world = fakeWorld(memoryStore());
  world.verdicts.set('enter-two', { is: 'wait', why: 'not yet' });
  const executor = await started(world);
  const rollout = await begin(executor);
  await until(() => executor.state(rollout)?.gates['two/enter/0'] !== undefined);
  await executor.command(rollout, 'pause', 'tester');
  world.verdicts.clear();
  await world.ports.clock.sleep(60, never);
  t.is(executor.state(rollout)?.standing, 'paused');
  t.false(world.asks.some(({ step }) => step.startsWith('d/')));
  await executor.command(rollout, 'resume', 'tester');
  await followed(executor, rollout);
  t.is(executor.state(rollout)?.outcome, 'done');
  executor.stop();
});

test('paused while a host waits for its confirmation, the gates still look and it is confirmed; nothing else happens', async (t) => {
  const world = fakeWorld(memoryStore());
  world.verdicts.set('after-w1', { is: 'wait', why: 'not yet' });
  const executor = await started(world);
  const rollout = await begin(executor);
  await until(() => executor.state(rollout)?.gates['one/1/exit/0'] !== undefined);
  await executor.command(rollout, 'pause', 'tester');
  world.verdicts.clear();
  await until(() => world.asks.some(({ operation }) => operation === 'confirm'));
  await world.ports.clock.sleep(60, never);
  t.is(executor.state(rollout)?.standing, 'paused');
  t.false(world.asks.some(({ step }) => step.startsWith('d/')));
  executor.stop();
});

test('a host that took its step back before it was confirmed turns the rollout back', async (t) => {
  const world = fakeWorld(memoryStore());
  world.answer = ({ operation }) =>
    operation === 'confirm' ? { outcome: 'failed', left: 'before', why: 'it was taken back here before it was confirmed' } : {};
  const executor = await started(world);
  const rollout = await begin(executor);
  await followed(executor, rollout);
  t.is(executor.state(rollout)?.outcome, 'rolled-back');
  t.regex(executor.state(rollout)?.why ?? '', /taken back here before it was confirmed/);
  executor.stop();
});

test('held after the named stage until approved', async (t) => {
  const world = fakeWorld(memoryStore());
  const executor = await started(world);
  const rollout = await begin(executor, 'one');
  const events = await followed(executor, rollout);
  t.is(executor.state(rollout)?.standing, 'held');
  t.false(world.asks.some(({ step }) => step.startsWith('d/')));
  await executor.command(rollout, 'approve', 'tester');
  await followed(executor, rollout, events.length);
  t.is(executor.state(rollout)?.outcome, 'done');
  executor.stop();
});

test('undo after the end takes everything back', async (t) => {
  const world = fakeWorld(memoryStore());
  const executor = await started(world);
  const rollout = await begin(executor);
  const events = await followed(executor, rollout);
  await executor.command(rollout, 'undo', 'tester');
  await followed(executor, rollout, events.length);
  t.is(executor.state(rollout)?.outcome, 'rolled-back');
  t.is(world.asks.filter(({ operation }) => operation === 'undo').length, 6);
  executor.stop();
});

test('what an earlier coordinator ended is taken back under the epoch of the present one: hosts refuse lower counters of the old', async (t) => {
  const store = memoryStore();
  const first = fakeWorld(store);
  const earlier = await started(first);
  const rollout = await begin(earlier);
  const events = await followed(earlier, rollout);
  earlier.stop();

  const second = fakeWorld(store);
  const executor = await started(second);
  await executor.command(rollout, 'undo', 'tester');
  await followed(executor, rollout, events.length);
  t.is(executor.state(rollout)?.outcome, 'rolled-back');
  t.true(second.asks.length > 0 && second.asks.every(({ epoch }) => epoch === executor.epoch));
  t.is(executor.state(rollout)?.epoch, executor.epoch);
  executor.stop();
});

test('a coordinator that died with an ask unanswered asks it again under a higher epoch, and ends the rollout', async (t) => {
  const store = memoryStore();
  const first = fakeWorld(store);
  first.answer = ({ step }) => (step === 'c/1' ? undefined : {});
  const dying = await started(first);
  const rollout = await begin(dying);
  await until(() => first.asks.some(({ step }) => step === 'c/1'));
  dying.stop();

  const second = fakeWorld(store);
  const executor = await createExecutor({ ...second.ports, send: async (ask) => second.ports.send(ask) });
  second.report = executor.reported;
  await followed(executor, rollout);
  t.is(executor.state(rollout)?.outcome, 'done');
  t.is(String(second.asks[0]?.step), 'c/1');
  t.true((second.asks[0]?.epoch ?? 0) > (first.asks[0]?.epoch ?? 0));
  executor.stop();
});

test('a coordinator that died before it looked at the cluster is followed by one that looks before the first change', async (t) => {
  const store = memoryStore();
  const created = { type: 'created', plan: smallPlan(), planDigest: digest(smallPlan()), by: 'tester', epoch: await store.takeEpoch() } as const;
  const rollout = rolloutId('r-1');
  await store.append({ rollout, seq: 1, atMs: 1, body: created });
  const executor = await started(fakeWorld(store));
  const events = await followed(executor, rollout);
  const types = events.map(({ body }) => body.type);
  t.deepEqual(types.slice(0, 4), ['created', 'epoch-taken', 'looked', 'stage-started']);
  t.is(executor.state(rollout)?.outcome, 'done');
  executor.stop();
});

test('when a decision cannot be stored nothing more is asked and the process is told to end', async (t) => {
  const store = memoryStore();
  const world = fakeWorld({
    ...store,
    append: (event) => (event.body.type === 'asked' && event.body.step === 'c/1' ? Promise.reject(new Error('disk full')) : store.append(event)),
  });
  const executor = await started(world);
  await begin(executor);
  await until(() => world.storageFailures.length > 0);
  t.false(world.asks.some(({ step }) => step === 'c/1'));
  t.is(world.storageFailures.length, 1);
});

test('a second plan is refused while one is under way', async (t) => {
  const world = fakeWorld(memoryStore());
  world.answer = () => undefined;
  const executor = await started(world);
  await begin(executor);
  await t.throwsAsync(begin(executor), { message: /is running/ });
  executor.stop();
});

test('an ask is not overtaken by the repeat of one that is answered, however slowly it is stored: counters of a host only rise', async (t) => {
  const store = memoryStore();
  const slow = {
    ...store,
    append: async (event: RolloutEvent) => {
      if (event.body.type === 'asked') await new Promise((resolve) => setTimeout(resolve, 30));
      await store.append(event);
    },
  };
  const world = fakeWorld(slow);
  const executor = await createExecutor({ ...world.ports, repeatMs: 10 });
  world.report = executor.reported;
  const rollout = await begin(executor);
  await followed(executor, rollout);
  const counters = world.asks.filter(({ host }) => host === 'd' || host === 'a').map(({ host, counter }) => ({ host, counter }));
  for (const host of ['a', 'd']) {
    const own = counters.filter((ask) => ask.host === host).map(({ counter }) => counter);
    t.true(own.length >= 2);
    t.deepEqual(
      own,
      [...own].sort((a, b) => a - b),
    );
  }
  t.is(executor.state(rollout)?.outcome, 'done');
  executor.stop();
});
