import { tlsCaller } from '@reberth/coordinator/availability/tls-caller.ts';
import test, { type ExecutionContext } from 'ava';
import { answering, credentialsOf, type Handler, httpsServer } from '../../support/https-server.ts';
import { type ThrowAwayTls, throwAwayTls } from '../../support/tls.ts';

let tls: ThrowAwayTls;
test.before(async () => {
  tls = await throwAwayTls();
});

const signal = new AbortController().signal;
const caller = () => tlsCaller(async () => credentialsOf(tls));

async function server(t: ExecutionContext, handler: Handler = answering(200)) {
  const made = await httpsServer(tls, handler);
  t.teardown(() => made.close());
  return made;
}

function held(t: ExecutionContext, endpoint: Awaited<ReturnType<typeof server>>['endpoint']) {
  const made = caller().hold(endpoint);
  t.teardown(() => made.close());
  return made;
}

test('every call is a new authenticated connection', async (t) => {
  const { endpoint, asked, connections } = await server(t);
  for (const _ of [1, 2, 3]) t.deepEqual(await caller().call(endpoint, 2_000, signal), { ok: true });
  t.is(connections(), 3);
  t.deepEqual(asked, ['operator /readyz', 'operator /readyz', 'operator /readyz']);
});

test('an answer other than 200 is a failure', async (t) => {
  for (const status of [401, 500]) {
    const { endpoint } = await server(t, answering(status));
    t.deepEqual(await caller().call(endpoint, 2_000, signal), { ok: false, why: `answers ${status}` });
  }
});

test('a held connection stays the same one', async (t) => {
  const { endpoint, connections } = await server(t);
  const connection = held(t, endpoint);
  for (const _ of [1, 2, 3]) t.deepEqual(await connection.request(2_000), { is: 'answered' });
  t.is(connections(), 1);
});

test('a held connection that was cut is broken once, and the next is another', async (t) => {
  const { endpoint, cut } = await server(t);
  const connection = held(t, endpoint);
  await connection.request(2_000);
  cut();
  t.like(await connection.request(2_000), { is: 'broken' });
  t.deepEqual(await connection.request(2_000), { is: 'answered' });
});

test('a server that is gone breaks the held connection, and then there is none to break', async (t) => {
  const { endpoint, close } = await server(t);
  const connection = held(t, endpoint);
  await connection.request(2_000);
  await close();
  t.like(await connection.request(2_000), { is: 'broken' });
  t.like(await connection.request(2_000), { is: 'unopened' });
});

test('a held connection whose answer does not come is broken', async (t) => {
  let mute = false;
  const { endpoint } = await server(t, (request, response) => (mute ? undefined : answering(200)(request, response)));
  const connection = held(t, endpoint);
  await connection.request(2_000);
  mute = true;
  t.deepEqual(await connection.request(100), { is: 'broken', why: 'no answer within 100 ms' });
});

test('a server that closes after each answer, and says so, breaks nothing', async (t) => {
  const { endpoint } = await server(t, (_request, response) => response.setHeader('connection', 'close').end());
  const connection = held(t, endpoint);
  for (const _ of [1, 2, 3]) t.deepEqual(await connection.request(2_000), { is: 'answered' });
});
