import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { linuxHost } from '@reberth/agent/host/linux/host.ts';
import test from 'ava';
import { type ThrowAwayTls, throwAwayTls } from '../../support/tls.ts';

const host = linuxHost();
const folder = mkdtempSync(join(tmpdir(), 'reberth-web-'));
const fileWith = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const listening = (server: Server) =>
  new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
const silent = createTcp(() => undefined);
let tls: ThrowAwayTls;
let api: ReturnType<typeof createServer>;
let caFile = '';
let otherCaFile = '';
let port = 0;
let silentPort = 0;

test.before(async () => {
  tls = await throwAwayTls();
  caFile = fileWith('ca.pem', tls.ca);
  otherCaFile = fileWith('other-ca.pem', (await throwAwayTls()).ca);
  api = createServer(
    { cert: tls.server.certificate, key: tls.server.key, ca: tls.ca, requestCert: true, rejectUnauthorized: false },
    (request, response) => {
      response.statusCode = request.url === '/readyz' ? 200 : 403;
      const peer = (request.socket as TLSSocket).getPeerCertificate();
      response.end(`hello ${peer.subject?.CN ?? 'nobody'}`);
    },
  );
  [port, silentPort] = await Promise.all([listening(api), listening(silent)]);
});

test.after.always(() => {
  api.close();
  silent.close();
  rmSync(folder, { recursive: true });
});

test('an https server is asked, verified by its CA, and knows the client by its certificate', async (t) => {
  const certFile = fileWith('client.pem', tls.operator.certificate);
  const keyFile = fileWith('client-key.pem', tls.operator.key);
  t.deepEqual(await host.http(`https://127.0.0.1:${port}/readyz`, { caFile }), { status: 200, body: 'hello nobody', why: '' });
  t.deepEqual(await host.http(`https://127.0.0.1:${port}/x`, { caFile, certFile, keyFile }), { status: 403, body: 'hello operator', why: '' });
});

test('a server is verified as the name that is asked for, and not as the address that is dialled', async (t) => {
  t.is((await host.http(`https://127.0.0.1:${port}/readyz`, { caFile, verifyAs: 'localhost' })).status, 200);
  for (const verifyAs of ['192.0.2.39', 'elsewhere']) {
    const answer = await host.http(`https://127.0.0.1:${port}/readyz`, { caFile, verifyAs });
    t.is(answer.status, 0);
    t.regex(answer.why, /does not match/);
    const shaken = await host.tls('127.0.0.1', port, { caFile, verifyAs });
    t.false(shaken.connected);
    t.regex(shaken.why, /ALTNAME|does not match/);
  }
});

test('a certificate of another CA is refused, and still shown', async (t) => {
  t.is((await host.http(`https://127.0.0.1:${port}/readyz`, { caFile: otherCaFile })).status, 0);
  const answer = await host.tls('127.0.0.1', port, { caFile: otherCaFile });
  t.false(answer.connected);
  t.is(answer.certificatePem.trim(), tls.server.certificate.trim());
});

test('without a CA nothing is verified and the served certificate is shown', async (t) => {
  const answer = await host.tls('127.0.0.1', port);
  t.true(answer.connected);
  t.is(answer.certificatePem.trim(), tls.server.certificate.trim());
});

test('nobody there, no answer in time, and a CA file that is absent are answers', async (t) => {
  const [http, shaken] = await Promise.all([host.http('http://127.0.0.1:1/'), host.tls('127.0.0.1', 1)]);
  t.regex(http.why, /ECONNREFUSED/);
  t.regex(shaken.why, /ECONNREFUSED/);
  const [late, lateShake] = await Promise.all([
    host.http(`http://127.0.0.1:${silentPort}/`, { timeoutMs: 100 }),
    host.tls('127.0.0.1', silentPort, { timeoutMs: 100 }),
  ]);
  t.deepEqual(late, { status: 0, body: '', why: 'no answer within 100 ms' });
  t.deepEqual(lateShake, { connected: false, why: 'no answer within 100 ms', certificatePem: '' });
  t.regex((await host.tls('127.0.0.1', port, { caFile: join(folder, 'absent') })).why, /ENOENT/);
});

test('the loopback is among the addresses', async (t) => {
  t.true((await host.addresses()).some(({ networkInterface, address }) => networkInterface === 'lo' && address === '127.0.0.1'));
  t.deepEqual(await host.addresses('no-such0'), []);
});
