/**
 * A client outside the cluster, run in a host's network namespace: an authenticated request every 10 ms, or as often as told, to every endpoint that it is told to
 * watch, a new TLS connection for every tenth of them, and a number of connections that are held. Told by lines on stdin (`watch ADDRESS:PORT`,
 * `unwatch ADDRESS:PORT`, `report`); answers `report` with one line of JSON. Counts what it sees and judges nothing.
 */
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { createInterface } from 'node:readline';
import { connect, type TLSSocket } from 'node:tls';

interface Counted {
  requests: number;
  failed: number;
  fresh: number;
  longestMs: number;
  longestGapMs: number;
  heldBroken: number;
  failures: string[];
}

const [caFile = '', certFile = '', keyFile = '', held = '20', interval = '10', timeout = '5000'] = process.argv.slice(2);
const [ca, cert, key] = [caFile, certFile, keyFile].map((file) => readFileSync(file));
const INTERVAL_MS = Number(interval);
const FRESH_EVERY = 10;
/** A request that takes longer than this is one that a client would have given up. */
const TIMEOUT_MS = Number(timeout);
const PATH = '/api/v1/namespaces/default';

const watched = new Map<string, { readonly counted: Counted; stop(): void }>();
const counts = new Map<string, Counted>();

function watch(endpoint: string): void {
  const [host = '', port = ''] = endpoint.split(':');
  const counted: Counted = counts.get(endpoint) ?? { requests: 0, failed: 0, fresh: 0, longestMs: 0, longestGapMs: 0, heldBroken: 0, failures: [] };
  counts.set(endpoint, counted);
  let stopped = false;
  let goodAtMs = performance.now();
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const fail = (why: string): void => {
    if (stopped) return;
    counted.failed += 1;
    if (counted.failures.length < 20) counted.failures.push(`${new Date().toISOString()} ${why}`);
  };
  const ask = (fresh: boolean): void => {
    counted.requests += 1;
    if (fresh) counted.fresh += 1;
    const startedAtMs = performance.now();
    const asking = request(
      { host, port, path: PATH, ca, cert, key, agent: fresh ? false : agent, signal: AbortSignal.timeout(TIMEOUT_MS) },
      (response) => {
        response.resume();
        response.on('end', () => {
          counted.longestMs = Math.max(counted.longestMs, performance.now() - startedAtMs);
          if (response.statusCode !== 200) return fail(`status ${response.statusCode}`);
          counted.longestGapMs = Math.max(counted.longestGapMs, performance.now() - goodAtMs);
          goodAtMs = performance.now();
        });
        response.on('error', (error) => fail(error.message));
      },
    );
    asking.on('error', (error) => fail(`${fresh ? 'new connection' : 'kept connection'}: ${error.message}`));
    asking.end();
  };
  // Behind schedule, the missed ones are made up for at once: an interval is an interval, also on a busy machine.
  const startedAtMs = performance.now();
  let made = 0;
  const timer = setInterval(() => {
    for (; made < (performance.now() - startedAtMs) / INTERVAL_MS; made += 1) ask(made % FRESH_EVERY === 0);
  }, INTERVAL_MS);
  const sockets = Array.from({ length: Number(held) }, () => hold(host, Number(port), () => !stopped, counted));
  watched.set(endpoint, {
    counted,
    stop() {
      counted.longestGapMs = Math.max(counted.longestGapMs, performance.now() - goodAtMs);
      stopped = true;
      clearInterval(timer);
      agent.destroy();
      for (const socket of sockets) socket.destroy();
    },
  });
}

/** A connection on which a watch of the API runs: one that clients like kubelet keep for hours. From any version, which every etcd can serve. */
function hold(host: string, port: number, wanted: () => boolean, counted: Counted): TLSSocket {
  const socket = connect({ host, port, ca, cert, key }, () => {
    socket.write(`GET /api/v1/namespaces?watch=1&resourceVersion=0&timeoutSeconds=3600 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  });
  let over = false;
  const broken = (why: string): void => {
    if (!wanted() || over) return;
    over = true;
    counted.heldBroken += 1;
    if (counted.failures.length < 20) counted.failures.push(`${new Date().toISOString()} held: ${why}`);
  };
  socket.on('error', (error) => broken(error.message));
  socket.on('close', () => broken('closed'));
  socket.resume();
  return socket;
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const [word, endpoint = ''] = line.trim().split(' ');
    if (word === 'watch' && !watched.has(endpoint)) watch(endpoint);
    if (word === 'unwatch') {
      watched.get(endpoint)?.stop();
      watched.delete(endpoint);
    }
    if (word === 'report') process.stdout.write(`${JSON.stringify(Object.fromEntries(counts))}\n`);
  })
  .on('close', () => process.exit(0));
