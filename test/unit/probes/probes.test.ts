import { createProbes } from '@reberth/agent/probes/index.ts';
import type { Senses } from '@reberth/agent/probes/senses.ts';
import test from 'ava';
import { fakeHost, fakeSenses } from './fakes.ts';

const probesWith = (senses: Partial<Senses>, host = fakeHost()) => createProbes({ host, senses: fakeSenses(senses) });

test('a probe that is not in the list is refused with the list', async (t) => {
  const answer = await probesWith({})('shell', { command: 'id' });
  t.false(answer.ok);
  t.regex(answer.ok ? '' : answer.why, /cannot probe "shell": this agent knows addresses, .*vrrp-heard/);
});

test('parameters are refused all at once, each by its name', async (t) => {
  const answer = await probesWith({})('endpoint', { address: 7, port: 'x' });
  t.regex(answer.ok ? '' : answer.why, /address: .*port: .*caFile: /);
});

test('a sense that fails is an answer and not an exception', async (t) => {
  const run = probesWith({ vrrpAdverts: () => Promise.reject(new Error('cannot listen for VRRP: not permitted')) });
  t.deepEqual(await run('vrrp-heard', { networkInterface: 'eth0', forMs: 100 }), {
    ok: false,
    why: 'cannot probe vrrp-heard: cannot listen for VRRP: not permitted',
  });
});

test('an interface name cannot smuggle in another argument or path', async (t) => {
  for (const networkInterface of ['', 'eth0 --help', '../x', 'a'.repeat(16)])
    t.false((await probesWith({})('vrrp-heard', { networkInterface, forMs: 100 })).ok, networkInterface);
});

test('the latest advert of each router stands for it, and noise is left out', async (t) => {
  const advert = (priority: number) =>
    JSON.stringify({ virtualRouterId: 57, source: '192.0.2.42', priority, version: 2, advertIntMs: 1000, addresses: ['192.0.2.39'] });
  const run = probesWith({ vrrpAdverts: async () => [advert(90), 'noise', advert(120)] });
  t.deepEqual(await run('vrrp-heard', { networkInterface: 'eth0', forMs: 100 }), {
    ok: true,
    value: [{ virtualRouterId: 57, source: '192.0.2.42', priority: 120, version: 2, addresses: ['192.0.2.39'] }],
  });
});

test('an address that this host carries is local and asked of nobody', async (t) => {
  const host = fakeHost({ addresses: async () => [{ networkInterface: 'eth0', address: '192.0.2.39' }] });
  const run = probesWith({ arpAnswers: () => Promise.reject(new Error('asked')) }, host);
  t.deepEqual(await run('neighbour', { address: '192.0.2.39' }), { ok: true, value: { local: true } });
});

const wanted = { address: '192.0.2.40' };

test('an address that somebody answers to is claimed by that hardware address', async (t) => {
  const asked: string[] = [];
  const arpAnswers = async (networkInterface: string, address: string) => {
    asked.push(`${networkInterface} ${address}`);
    return ['02:00:00:00:00:09'];
  };
  t.deepEqual(await probesWith({ arpAnswers })('neighbour', wanted), { ok: true, value: { local: false, claimedBy: '02:00:00:00:00:09' } });
  t.deepEqual(asked, ['eth0 192.0.2.40']);
});

test('an address that nobody answers to is free', async (t) => {
  t.deepEqual(await probesWith({})('neighbour', wanted), { ok: true, value: { local: false } });
});

test('an address behind a gateway is not asked for on this segment', async (t) => {
  const routeTo = async () => ({ networkInterface: 'eth0', gateway: '192.0.2.1' });
  const arpAnswers = async () => t.fail('asked') as never;
  t.deepEqual(await probesWith({ routeTo, arpAnswers })('neighbour', wanted), { ok: true, value: { local: false } });
});

test('an address that cannot be asked for is no free address', async (t) => {
  const arpAnswers = async () => {
    throw new Error('cannot ask for 192.0.2.40 on eth0: Operation not permitted');
  };
  t.like(await probesWith({ arpAnswers })('neighbour', wanted), { ok: false });
});

const TABLE = `  sl  local_address rem_address   st
   0: 2C0200C0:D431 270200C0:20FB 01 0:0 0:0 0 0 0 101 1
   1: 2C0200C0:D432 270200C0:20FB 01 0:0 0:0 0 0 0 102 1
   2: 2C0200C0:D433 270200C0:20FC 01 0:0 0:0 0 0 0 103 1
`;

test('connections names who talks to the endpoint, and leaves out Reberth itself and other ports', async (t) => {
  const run = probesWith({
    kernelTable: async (path) => (path === '/proc/net/tcp' ? TABLE : ''),
    holdersOf: async () =>
      new Map([
        ['101', 'kubelet'],
        ['102', 'reberth-agent'],
        ['103', 'kube-proxy'],
      ]),
  });
  t.deepEqual(await run('connections', { address: '192.0.2.39', port: 8443 }), {
    ok: true,
    value: { peers: [{ local: '192.0.2.44:54321', remote: '192.0.2.39:8443', process: 'kubelet' }] },
  });
});

test('a connection that nobody holds any more is still shown', async (t) => {
  const answer = await probesWith({ kernelTable: async (path) => (path === '/proc/net/tcp' ? TABLE : '') })('connections', {
    address: '192.0.2.39',
    port: 8444,
  });
  t.deepEqual(answer, { ok: true, value: { peers: [{ local: '192.0.2.44:54323', remote: '192.0.2.39:8444' }] } });
});

test('the clock says nothing about being disciplined where nobody knows', async (t) => {
  t.deepEqual(await probesWith({})('clock', {}), { ok: true, value: { nowMs: 1_000_000 } });
  t.deepEqual(await probesWith({ clockSynchronised: async () => false })('clock', {}), {
    ok: true,
    value: { nowMs: 1_000_000, synchronised: false },
  });
});
