/** The agent's link against a real server: what it performs, what it refuses, how it comes back. */

import { createPrivateKey } from 'node:crypto';
import { rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import type { LinkParts } from '@reberth/agent/link/link.ts';
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { agentCodec } from '@reberth/protocol/codec/agent-codec.ts';
import { signAsk } from '@reberth/protocol/codec/signature.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import { subjectsOf } from '@reberth/protocol/subjects.ts';
import test, { type ExecutionContext } from 'ava';
import { CLUSTER, doneReport, type Ground, ground, memoryMarks, someAsk, strangersKey, until } from './support.ts';

const subjects = subjectsOf(CLUSTER);
const HOST = hostId('192.0.2.41');
const OTHER = hostId('192.0.2.42');

/** Broker, coordinator and one agent, connected; what was performed and reported. */
async function scene(t: ExecutionContext, parts: Partial<LinkParts> = {}) {
  const here = await ground(t);
  const broker = await here.startBroker();
  const wire = await here.wire();
  const performed: Ask[] = [];
  const reports: Report[] = [];
  wire.onReport((report) => reports.push(report));
  const perform = async (ask: Ask) => {
    performed.push(ask);
    return doneReport(ask);
  };
  const link = here.link(HOST, { perform, ...parts });
  const connected = () => wire.status().connected && link.status() === `connected to ${here.listen}`;
  await until('both are connected', connected);
  return { here, broker, wire, link, performed, reports, connected, perform };
}

/** An ask that the genuine coordinator could have signed, put on any subject. */
async function publishSigned(here: Ground, ask: Ask, subject: string): Promise<void> {
  const codec = agentCodec();
  const key = createPrivateKey(await readFile(here.pki('signing.key')));
  const connection = await here.raw(here.pki('coordinator'));
  connection.publish(subject, codec.encodeSignedAsk(signAsk(codec.encodeAsk(ask), key)));
  await connection.flush();
}

test('server killed and wiped: both come back by themselves, and the coordinator asks again', async (t) => {
  const { here, broker, wire, performed, reports, connected } = await scene(t);
  await wire.ask(someAsk(HOST));
  await until('the first report is there', () => reports.length === 1);
  const killed = broker.pid();
  if (killed === undefined) return t.fail('no broker');
  process.kill(killed, 'SIGKILL');
  await until('it is dead', () => broker.pid() === undefined);
  rmSync(join(here.folder, 'broker/jetstream'), { recursive: true });
  await until('both know', () => !connected());
  await until('both are connected again', connected);
  t.not(broker.pid(), killed);
  await wire.ask(someAsk(HOST, { counter: 2 }));
  await until('the second report is there', () => reports.length === 2);
  t.deepEqual(
    performed.map(({ counter }) => counter),
    [1, 2],
  );
});

test('a lost report comes again: a new connection fetches the ask that is kept, and the journal answers', async (t) => {
  const marks = memoryMarks();
  const { here, wire, link, reports, perform } = await scene(t, { marks });
  const ask = someAsk(HOST);
  await wire.ask(ask);
  await until('the first report is there', () => reports.length === 1);
  await link.close();
  here.link(HOST, { marks, perform, isKnown: ({ step }) => step === ask.step });
  await until('the report came again', () => reports.length === 2);
  t.true(here.log.has(/ask repeated.*"fetched":true/));
});

test('an ask that is heard live and fetched is performed once while it is in hand', async (t) => {
  const begun: Ask[] = [];
  let finish = (): void => undefined;
  const perform = (ask: Ask) =>
    new Promise<Report>((resolve) => {
      begun.push(ask);
      finish = () => resolve(doneReport(ask));
    });
  const { here, wire, reports } = await scene(t, { perform });
  const ask = someAsk(HOST);
  await wire.ask(ask);
  await until('it is in hand', () => begun.length === 1);
  // The very same bytes again: Ed25519 signs the same thing the same way.
  await publishSigned(here, ask, subjects.ask(HOST));
  await publishSigned(here, { ...ask, counter: 2 }, subjects.ask(HOST));
  await new Promise((resolve) => setTimeout(resolve, 200));
  t.is(begun.length, 1);
  finish();
  await until('the next one is in hand', () => begun.length === 2);
  t.is(begun[1]?.counter, 2);
  finish();
  await until('both are reported', () => reports.length === 2);
});

test("an ask signed with a stranger's key is refused, logged, and not answered", async (t) => {
  const { here, performed, reports } = await scene(t);
  const forger = await here.wire({ signingKeyFile: await strangersKey(join(here.folder, 'stranger')) });
  await until('the forger is connected', () => forger.status().connected);
  await forger.ask(someAsk(HOST));
  await until('it is logged', () => here.log.has(/the signature is not by the coordinator/));
  t.deepEqual([performed, reports], [[], []]);
});

test("another host's ask is refused and logged, however genuine", async (t) => {
  const { here, performed, reports } = await scene(t);
  await publishSigned(here, someAsk(OTHER), subjects.ask(HOST));
  await until('it is logged', () => here.log.has(/ask refused.*it is for 192\.0\.2\.42, and this is 192\.0\.2\.41/));
  t.deepEqual([performed, reports], [[], []]);
});

test('an older coordinator is refused and logged; a report could be taken for an answer to the newer one', async (t) => {
  const marks = memoryMarks();
  await marks.raise({ epoch: 5, counter: 9 });
  const { here, wire, performed, reports } = await scene(t, { marks });
  await wire.ask(someAsk(HOST, { epoch: 4, counter: 100 }));
  await until('it is logged', () => here.log.has(/ask refused.*epoch 4, and epoch 5 has taken over/));
  t.deepEqual([performed, reports], [[], []]);
  t.deepEqual(marks.read(), { epoch: 5, counter: 9 });
});

test('an expired ask is refused aloud, and an old one played again in silence', async (t) => {
  const { wire, performed, reports } = await scene(t);
  await wire.ask(someAsk(HOST, { counter: 1, expiresAtMs: Date.now() - 1_000 }));
  await wire.ask(someAsk(HOST, { counter: 3 }));
  await wire.ask(someAsk(HOST, { counter: 2, step: someAsk(OTHER).step }));
  await wire.ask(someAsk(HOST, { counter: 4, step: someAsk(OTHER).step }));
  await until('its renewal is reported', () => reports.length === 3);
  t.deepEqual(
    reports.map(({ outcome }) => outcome),
    ['refused', 'done', 'done'],
  );
  t.deepEqual(
    performed.map(({ counter }) => counter),
    [3, 4],
  );
});

test('a broken message is logged and dropped, and the next one performed', async (t) => {
  const { here, wire, performed, reports } = await scene(t);
  const connection = await here.raw(here.pki('coordinator'));
  connection.publish(subjects.ask(HOST), new Uint8Array([255, 1, 2, 3]));
  connection.publish(subjects.query(HOST), 'no question');
  await connection.flush();
  await until('it is logged', () => here.log.has(/ask dropped: it is broken/));
  await wire.ask(someAsk(HOST));
  await until('the next is reported', () => reports.length === 1);
  t.is(performed.length, 1);
});

test('the mark is stored before the first touch; without it nothing is touched and nothing said, and the ask is taken when it comes again', async (t) => {
  const order: string[] = [];
  let fails = false;
  const stored = memoryMarks();
  const marks = {
    read: stored.read,
    raise: async (mark: { epoch: number; counter: number }) => {
      if (fails) throw new Error('disk full');
      await new Promise((resolve) => setTimeout(resolve, 50));
      await stored.raise(mark);
      order.push(`stored ${mark.counter}`);
    },
  };
  const perform = async (ask: Ask) => {
    order.push(`performed ${ask.counter}`);
    return doneReport(ask);
  };
  const { here, wire, reports } = await scene(t, { marks, perform });
  await wire.ask(someAsk(HOST, { counter: 1 }));
  await until('it is reported', () => reports.length === 1);
  fails = true;
  await wire.ask(someAsk(HOST, { counter: 2 }));
  await until('it is logged', () => here.log.has(/cannot store that an ask was accepted.*disk full/));
  t.deepEqual(order, ['stored 1', 'performed 1']);
  // A refusal would be final for the coordinator, and a copy of this ask may still be taken.
  t.is(reports.length, 1);
  fails = false;
  await wire.ask(someAsk(HOST, { counter: 3 }));
  await until('the third is reported', () => reports.length === 2);
  t.deepEqual(order, ['stored 1', 'performed 1', 'stored 3', 'performed 3']);
});

test('a report in the name of another host is dropped', async (t) => {
  const perform = async (ask: Ask) => doneReport(ask, { host: OTHER });
  const { here, wire, reports } = await scene(t, { perform });
  await wire.ask(someAsk(HOST));
  await until('it is logged', () => here.log.has(/message dropped.*it names another host/));
  t.deepEqual(reports, []);
});

test('an answer too large to send is an answer that says so', async (t) => {
  const { wire } = await scene(t, { answer: async () => ({ ok: true, value: 'x'.repeat(2_000_000) }) });
  const answer = await wire.query(HOST, { kind: 'facts', addresses: [] }, { timeoutMs: 5_000, signal: new AbortController().signal });
  t.false(answer.ok);
  t.regex(answer.ok ? '' : answer.why, /bytes are more than/);
});

test('an ask is stored also after somebody removed the stream', async (t) => {
  const { here, wire, reports } = await scene(t);
  const manager = await jetstreamManager(await here.raw(here.pki('coordinator')));
  await manager.streams.delete(subjects.askStream);
  await wire.ask(someAsk(HOST));
  await until('it is reported', () => reports.length > 0);
  const { config } = await manager.streams.info(subjects.askStream);
  t.is(config.max_msgs_per_subject, 1);
});

test('a broker whose certificate is for another address is not spoken to', async (t) => {
  const here = await ground(t);
  const elsewhere = here.listen.replace('127.0.0.1', '127.0.0.2');
  await here.startBroker({ listen: elsewhere });
  const link = here.link(HOST, {}, HOST, elsewhere);
  await until('it has been tried', () => /not connected to 127\.0\.0\.2:\d+: (?!not tried yet)/.test(link.status()));
  t.regex(link.status(), /does not match certificate|altnames/i);
});

test('a broker without TLS is not spoken to', async (t) => {
  const here = await ground(t);
  const heard: string[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (bytes) => heard.push(bytes.toString()));
    socket.write('INFO {"server_id":"x","version":"2.9.10","proto":1,"max_payload":1048576,"headers":true}\r\n');
  });
  const [address = '', port = ''] = here.listen.split(':');
  await new Promise<void>((resolve) => server.listen(Number(port), address, resolve));
  t.teardown(() => server.close());
  const link = here.link(HOST);
  await until('it has been tried', () => /not connected to 127\.0\.0\.1:\d+: (?!not tried yet)/.test(link.status()));
  t.deepEqual(heard, []);
});

test('closing ends a link that never got through', async (t) => {
  const here = await ground(t);
  const link = here.link(HOST);
  await until('it has been tried', () => /refused/.test(link.status()));
  await link.close();
  t.regex(link.status(), /^not connected/);
});
