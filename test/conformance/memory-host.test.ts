import { Crash, createMemoryHost } from '@reberth/agent/host/memory/memory-host.ts';
import test from 'ava';

const file = (text: string) => ({ bytes: Buffer.from(text), mode: 0o600, uid: 0, gid: 0 });
const url = 'http://127.0.0.1:1/';

test('a crash before a call leaves no effect, one after it does, and the process is gone either way', async (t) => {
  for (const [when, expected] of [
    ['before', undefined],
    ['after', 'x'],
  ] as const) {
    const host = createMemoryHost();
    host.crashAt(2, when);
    t.is(await host.readFile('/a'), undefined);
    await t.throwsAsync(host.writeFile('/a', file('x')), { instanceOf: Crash });
    await t.throwsAsync(host.readFile('/a'), { instanceOf: Crash });
    t.is((await host.open().readFile('/a'))?.bytes.toString(), expected);
  }
});

test('a crash may come between two of several files', async (t) => {
  const host = createMemoryHost();
  host.crashAt(1, 'after');
  await t.throwsAsync(
    host.writeFiles([
      { path: '/a', file: file('a') },
      { path: '/b', file: file('b') },
    ]),
    { instanceOf: Crash },
  );
  t.deepEqual(await host.open().list(''), ['a']);
});

test('a start gives a new invocation id and ends what the unit served; a reload does neither', async (t) => {
  const host = createMemoryHost({
    units: { 'a.service': { canReload: true, start: (world) => world.later(1_000, (then) => then.answerHttp(url, 200)), reload: () => undefined } },
  });
  await host.sleep(1_000);
  t.is((await host.http(url)).status, 200);
  const { invocationId } = await host.unit('a.service');
  await host.reloadUnit('a.service');
  t.is((await host.unit('a.service')).invocationId, invocationId);
  t.is((await host.http(url)).status, 200);
  await host.restartUnit('a.service');
  t.not((await host.unit('a.service')).invocationId, invocationId);
  t.is((await host.http(url)).status, 0);
});

test('what a unit put off is void when it is started again, and comes in its order otherwise', async (t) => {
  const seen: number[] = [];
  const host = createMemoryHost({
    nowMs: 0,
    units: {
      'a.service': {
        start: (world) => {
          world.later(2_000, (then) => seen.push(then.nowMs));
          world.later(500, (then) => seen.push(then.nowMs));
        },
      },
    },
  });
  await host.sleep(1_000);
  await host.restartUnit('a.service');
  await host.sleep(5_000);
  t.deepEqual(seen, [500, 1_500, 3_000]);
  t.is(host.nowMs(), 6_000);
});

test('a start that fails leaves the unit failed and says why', async (t) => {
  const host = createMemoryHost({
    files: { '/a': 'good' },
    units: {
      'a.service': {
        start: (world) => {
          if (world.read('/a') !== 'good') throw new Error('exit code 1');
        },
      },
    },
  });
  host.hand.write('/a', 'bad');
  await t.throwsAsync(host.restartUnit('a.service'), { message: 'exit code 1' });
  t.like(await host.unit('a.service'), { active: 'failed', exists: true });
  await t.throwsAsync(host.restartUnit('b.service'), { message: 'Unit b.service not found.' });
});
