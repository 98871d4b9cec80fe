/** What the broker allows to whom, and how it is kept running, with a real nats-server. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection, PermissionViolationError } from '@nats-io/transport-node';
import { ReberthError } from '@reberth/protocol/errors.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import { subjectsOf } from '@reberth/protocol/subjects.ts';
import test from 'ava';
import { CLUSTER, type Ground, ground, someAsk, until } from './support.ts';

const subjects = subjectsOf(CLUSTER);
const HOST = hostId('192.0.2.41');
const OTHER = hostId('192.0.2.42');

const asAgent = (here: Ground) => here.raw(here.bundle(HOST, 'agent'), subjects.inboxPrefix(HOST));

/** True when the server says that this may not be. */
async function isDenied(connection: NatsConnection, attempt: (connection: NatsConnection) => void): Promise<boolean> {
  let denied = false;
  const listening = (async () => {
    for await (const status of connection.status()) denied ||= status.type === 'error' && status.error instanceof PermissionViolationError;
  })();
  attempt(connection);
  await connection.flush();
  await new Promise((resolve) => setTimeout(resolve, 50));
  await connection.close();
  await listening;
  return denied;
}

test("a host hears and says what bears its own name, and nothing of another's", async (t) => {
  const here = await ground(t);
  await here.startBroker();
  const wire = await here.wire();
  await until('the coordinator is connected', () => wire.status().connected);
  const subscribe = (subject: string) => (connection: NatsConnection) => void connection.subscribe(subject, { callback: () => undefined });
  const publish = (subject: string) => (connection: NatsConnection) => connection.publish(subject, '{}');
  const direct = `$JS.API.DIRECT.GET.${subjects.askStream}`;
  const allowed = [
    subscribe(subjects.ask(HOST)),
    subscribe(subjects.query(HOST)),
    subscribe(`${subjects.inboxPrefix(HOST)}.x`),
    publish(subjects.report(HOST)),
    publish(subjects.health(HOST)),
    publish(`${direct}.${subjects.ask(HOST)}`),
  ];
  for (const [at, attempt] of allowed.entries()) t.false(await isDenied(await asAgent(here), attempt), `allowed ${at}`);
  const denied = [
    subscribe(subjects.ask(OTHER)),
    subscribe(subjects.allAsks),
    subscribe(subjects.query(OTHER)),
    subscribe(subjects.allReports),
    subscribe('>'),
    subscribe('_INBOX_coordinator.>'),
    subscribe(`${subjects.inboxPrefix(OTHER)}.>`),
    publish(subjects.report(OTHER)),
    publish(subjects.health(OTHER)),
    publish(subjects.ask(HOST)),
    publish(subjects.ask(OTHER)),
    publish(`${direct}.${subjects.ask(OTHER)}`),
    publish(`${direct}.>`),
    publish(direct),
    publish(`$JS.API.STREAM.MSG.GET.${subjects.askStream}`),
    publish(`$JS.API.STREAM.DELETE.${subjects.askStream}`),
    publish(`$JS.API.CONSUMER.CREATE.${subjects.askStream}`),
    publish('_INBOX_coordinator.x'),
  ];
  for (const [at, attempt] of denied.entries()) t.true(await isDenied(await asAgent(here), attempt), `denied ${at}`);
});

test('a host can fetch its own kept ask, whole', async (t) => {
  const here = await ground(t);
  await here.startBroker();
  const wire = await here.wire();
  await until('the coordinator is connected', () => wire.status().connected);
  await wire.ask(someAsk(HOST));
  await wire.ask(someAsk(OTHER));
  const { direct } = await jetstreamManager(await asAgent(here), { checkAPI: false });
  const kept = await direct.getMessage(subjects.askStream, { last_by_subj: subjects.ask(HOST) });
  t.is(kept?.subject, subjects.ask(HOST));
  await t.throwsAsync(async () => direct.getMessage(subjects.askStream, { last_by_subj: subjects.ask(OTHER) }));
});

test('nobody gets in without a certificate of this control CA that names a host or the coordinator', async (t) => {
  const here = await ground(t);
  const strange = await ground(t);
  await here.startBroker({ hosts: [HOST] });
  const tls = (pair: object) => ({
    servers: here.listen,
    tls: { caFile: here.pki('ca.crt'), host: '127.0.0.1', ...pair },
    reconnect: false,
    timeout: 3_000,
  });
  const pair = (stem: string) => ({ certFile: `${stem}.crt`, keyFile: `${stem}.key` });
  await t.throwsAsync(connect(tls({})), undefined, 'no certificate');
  await t.throwsAsync(connect(tls(pair(strange.pki('coordinator')))), undefined, 'the coordinator of another control CA');
  await t.throwsAsync(connect(tls(pair(join(here.folder, 'operator/operator')))), { message: /Authorization/ }, 'an operator');
  await t.throwsAsync(connect(tls(pair(here.bundle(OTHER, 'agent')))), { message: /Authorization/ }, 'a host that the broker does not know');
  await t.notThrowsAsync(async () => (await connect(tls(pair(here.bundle(HOST, 'agent'))))).close(), 'a host that it knows');
});

test('it is started again when it dies, and gone when stopped', async (t) => {
  const here = await ground(t);
  const broker = await here.startBroker();
  const first = broker.pid();
  if (first === undefined) return t.fail('no process');
  process.kill(first, 'SIGKILL');
  const second = await until('another one runs', () => broker.pid() !== first && broker.pid());
  t.true(here.log.has(/broker ended, it is started again.*SIGKILL/));
  await broker.stop();
  t.is(broker.pid(), undefined);
  t.throws(() => process.kill(second, 0), { code: 'ESRCH' });
});

test('one that a killed coordinator left behind is ended first', async (t) => {
  const here = await ground(t);
  await (await here.startBroker()).stop();
  const left = spawn('/usr/sbin/nats-server', ['-c', join(here.folder, 'broker/nats-server.conf')], { stdio: ['ignore', 'ignore', 'pipe'] });
  t.teardown(() => left.kill('SIGKILL'));
  const lines: string[] = [];
  left.stderr.on('data', (bytes) => lines.push(String(bytes)));
  await until('it serves', () => lines.join('').includes('Server is ready'));
  const ended = once(left, 'exit');
  const broker = await here.startBroker();
  await ended;
  t.not(broker.pid(), left.pid);
  t.true(here.log.has(/left behind/));
});

test('a port that is taken and a program that is not there are told, not waited for in vain', async (t) => {
  const here = await ground(t);
  const absent = await t.throwsAsync(here.startBroker({ program: '/nonexistent/nats-server' }), { instanceOf: ReberthError });
  t.regex(absent?.message ?? '', /cannot run \/nonexistent\/nats-server/);
  const squatter = createServer((socket) => socket.end('220 mail\r\n'));
  const [address = '', port = ''] = here.listen.split(':');
  await new Promise<void>((resolve) => squatter.listen(Number(port), address, resolve));
  t.teardown(() => squatter.close());
  const taken = await t.throwsAsync(here.startBroker({ startWithinMs: 1_500 }), { instanceOf: ReberthError });
  t.regex(taken?.message ?? '', /cannot start the broker at .*address already in use/);
});

test('monitoring answers on loopback only when asked for', async (t) => {
  const here = await ground(t);
  const { freePort } = await import('./support.ts');
  const monitorPort = await freePort();
  const broker = await here.startBroker({ monitorPort });
  t.is((await fetch(`http://127.0.0.1:${monitorPort}/healthz`)).status, 200);
  await broker.stop();
});
