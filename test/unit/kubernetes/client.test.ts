import { createKubernetesClient, type KubernetesClient } from '@reberth/coordinator/kubernetes/client.ts';
import { takeSnapshot } from '@reberth/coordinator/kubernetes/snapshot.ts';
import type { Endpoint } from '@reberth/protocol/plan.ts';
import test, { type ExecutionContext } from 'ava';
import { answering, credentialsOf, type Handler, httpsServer, type TestServer } from '../../support/https-server.ts';
import { type ThrowAwayTls, throwAwayTls } from '../../support/tls.ts';

let tls: ThrowAwayTls;
test.before(async () => {
  tls = await throwAwayTls();
});

const options = { timeoutMs: 2_000, signal: new AbortController().signal };

async function server(t: ExecutionContext, handler: Handler, address?: string): Promise<TestServer> {
  const made = await httpsServer(tls, handler, address);
  t.teardown(() => made.close());
  return made;
}

function client(t: ExecutionContext, masters: readonly Endpoint[]): KubernetesClient {
  const made = createKubernetesClient({ masters, credentials: async () => credentialsOf(tls) });
  t.teardown(() => made.close());
  return made;
}

/** A port that nobody listens on: it was somebody's a moment ago. */
async function nobody(): Promise<Endpoint> {
  const gone = await httpsServer(tls, answering(200));
  await gone.close();
  return gone.endpoint;
}

test('an answer comes with status and body, asked for with the client certificate', async (t) => {
  const master = await server(t, answering(200, 'ok'));
  t.deepEqual(await client(t, [master.endpoint]).get('/readyz', options), { ok: true, value: { status: 200, body: 'ok' } });
  t.deepEqual(master.asked, ['operator /readyz']);
});

test('the connection to a master is used again', async (t) => {
  const master = await server(t, answering(200));
  const kubernetes = client(t, [master.endpoint]);
  for (const path of ['/a', '/b', '/c']) await kubernetes.get(path, options);
  t.is(master.connections(), 1);
});

test('when one master is gone the next one answers, and is asked first from then on', async (t) => {
  const [gone, well] = [await nobody(), await server(t, answering(200))];
  const kubernetes = client(t, [gone, well.endpoint]);
  t.true((await kubernetes.get('/a', options)).ok);
  const alive = await httpsServer(tls, answering(200), gone.address, gone.port);
  t.teardown(() => alive.close());
  await kubernetes.get('/b', options);
  t.deepEqual(well.asked, ['operator /a', 'operator /b']);
  t.deepEqual(alive.asked, []);
});

test('a master that answers with 500 is passed over, and is the answer when there is no better one', async (t) => {
  const [ill, well] = [await server(t, answering(500, 'etcd failed')), await server(t, answering(200, 'ok'))];
  t.like(await client(t, [ill.endpoint, well.endpoint]).get('/readyz', options), { value: { status: 200 } });
  t.like(await client(t, [ill.endpoint, await nobody()]).get('/readyz', options), { value: { status: 500, body: 'etcd failed' } });
});

test('when nobody answers, the reason of each master is told', async (t) => {
  const masters = [await nobody(), await nobody()];
  const answer = await client(t, masters).get('/readyz', options);
  t.false(answer.ok);
  for (const { port } of masters) t.regex(answer.ok ? '' : answer.why, new RegExp(`127.0.0.1:${port}: .*ECONNREFUSED`));
});

test('with via, that endpoint is asked and no other', async (t) => {
  const [first, second] = [await server(t, answering(200)), await server(t, answering(503))];
  t.like(await client(t, [first.endpoint]).get('/readyz', { ...options, via: second.endpoint }), { value: { status: 503 } });
  t.false((await client(t, [first.endpoint]).get('/readyz', { ...options, via: await nobody() })).ok);
  t.deepEqual(first.asked, []);
});

test('a certificate that does not cover the address that was dialled is no answer', async (t) => {
  const elsewhere = await server(t, answering(200), '127.0.0.2');
  const answer = await client(t, [elsewhere.endpoint]).get('/readyz', options);
  t.regex(answer.ok ? '' : answer.why, /127\.0\.0\.2 is not in the cert's list/);
  t.deepEqual(elsewhere.asked, []);
});

test('a certificate of another authority is no answer', async (t) => {
  const master = await server(t, answering(200));
  const other = await throwAwayTls();
  const stranger = createKubernetesClient({ masters: [master.endpoint], credentials: async () => ({ ...credentialsOf(tls), ca: other.ca }) });
  t.teardown(() => stranger.close());
  t.false((await stranger.get('/readyz', options)).ok);
});

test('a server that says nothing is given up after the time that was allowed', async (t) => {
  const mute = await server(t, () => undefined);
  t.deepEqual(await client(t, [mute.endpoint]).get('/readyz', { ...options, timeoutMs: 100, via: mute.endpoint }), {
    ok: false,
    why: 'no answer within 100 ms',
  });
});

test('a request that nobody wants any more ends at once', async (t) => {
  const mute = await server(t, () => undefined);
  const stop = new AbortController();
  const answer = client(t, [mute.endpoint]).get('/readyz', { timeoutMs: 60_000, signal: stop.signal });
  stop.abort();
  t.false((await answer).ok);
});

test('an idle connection that the server cut in between is no failure', async (t) => {
  const master = await server(t, answering(200, 'ok'));
  const kubernetes = client(t, [master.endpoint]);
  await kubernetes.get('/a', options);
  master.cut();
  t.like(await kubernetes.get('/b', options), { ok: true, value: { status: 200 } });
});

test('credentials that cannot be read are an answer', async (t) => {
  const kubernetes = createKubernetesClient({
    masters: [{ address: '127.0.0.1', port: 1 }],
    credentials: async () => {
      throw new Error('cannot read /root/.kube/config: ENOENT');
    },
  });
  t.deepEqual(await kubernetes.get('/readyz', options), { ok: false, why: '127.0.0.1:1: cannot read /root/.kube/config: ENOENT' });
});

const lists =
  (leases: Handler): Handler =>
  (request, response) => {
    const path = request.url ?? '';
    if (path.includes('/leases')) return leases(request, response);
    const items =
      path === '/api/v1/nodes'
        ? [
            {
              metadata: { name: 'n1', uid: 'u' },
              status: { conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: '1970-01-01T00:00:09Z' }] },
            },
          ]
        : [];
    response.end(JSON.stringify({ items }));
  };

test('a snapshot is taken over three lists', async (t) => {
  const leases = answering(200, JSON.stringify({ items: [{ metadata: { name: 'n1' }, spec: { renewTime: '1970-01-01T00:00:05.000000Z' } }] }));
  const master = await server(t, lists(leases));
  const taken = await takeSnapshot(client(t, [master.endpoint]), options.signal, () => 7);
  t.like(taken, { ok: true, value: { takenAtMs: 7, nodes: [{ name: 'n1', ready: true, leaseRenewedAtMs: 5_000 }], pods: [] } });
});

test('a cluster from before leases counts the heartbeat of the Ready condition', async (t) => {
  const master = await server(t, lists(answering(404, '{}')));
  t.like(await takeSnapshot(client(t, [master.endpoint]), options.signal), { ok: true, value: { nodes: [{ leaseRenewedAtMs: 9_000 }] } });
});

for (const [what, leases, why] of [
  ['a refusal', answering(403, '{}'), 'cannot list leases: the API server answers 403'],
  ['an answer that is not JSON', answering(200, '<html>'), 'cannot list leases: the answer is not JSON'],
  [
    'an answer of another shape',
    answering(200, '{"items":[{}]}'),
    'cannot read the list of leases: items.0.metadata: Invalid key: Expected "metadata" but received undefined',
  ],
] as const) {
  test(`${what} makes no snapshot, and says why`, async (t) => {
    const master = await server(t, lists(leases));
    t.deepEqual(await takeSnapshot(client(t, [master.endpoint]), options.signal), { ok: false, why });
  });
}
