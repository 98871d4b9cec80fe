import { gatesOver, probeGate } from '@reberth/coordinator/gates/index.ts';
import { coordinatorProbes } from '@reberth/coordinator/probes/coordinator-probes.ts';
import { hostId, stageId } from '@reberth/protocol/ids.ts';
import type { Query, QueryAnswer } from '@reberth/protocol/query.ts';
import test from 'ava';

const signal = AbortSignal.timeout(10_000);
const kubernetes = { masters: [], get: async (path: string) => ({ ok: true, value: { status: 200, body: path } }) as const, close: () => undefined };
const probesOver = (answer: (host: string, query: Query) => QueryAnswer) => ({
  ...coordinatorProbes({ wire: { query: async (host, query) => answer(host, query) }, heartbeats: new Map(), kubernetes, nowMs: () => 7 }),
  baseline: () => undefined,
  heldBrokenBefore: () => undefined,
});

test('a gate asks each of its hosts with its parameters', async (t) => {
  const asked: unknown[] = [];
  const probes = probesOver((host, query) => {
    asked.push([host, query]);
    return { ok: true, value: { peers: [] } };
  });
  await probeGate('old-endpoint-quiet', probes, { endpoint: { address: '192.0.2.39', port: 8443 }, hosts: ['a', 'b'] }, signal);
  const query = { kind: 'probe', probe: 'connections', params: { address: '192.0.2.39', port: 8443 } };
  t.deepEqual(asked, [
    ['a', query],
    ['b', query],
  ]);
});

test('cert-covers asks for each name by itself', async (t) => {
  const verified: unknown[] = [];
  const probes = probesOver((_host, query) => {
    verified.push(query.kind === 'probe' ? query.params['verifyAs'] : undefined);
    return { ok: true, value: { covers: true, names: [], why: '' } };
  });
  await probeGate('cert-covers', probes, { address: 'x', port: 1, caFile: '/ca', covers: ['old', 'new'], from: ['a'] }, signal);
  t.deepEqual(verified, ['old', 'new']);
});

test('an answer of another shape is kept as a reason', async (t) => {
  const sample = await probeGate(
    'proxy-healthy',
    probesOver(() => ({ ok: true, value: 'fine' })),
    { hosts: ['a'], url: 'http://x' },
    signal,
  );
  t.like(sample, [{ host: 'a', answer: { ok: false } }]);
  t.regex(JSON.stringify(sample), /answered in an unexpected shape/);
});

test('a wire that throws is an answer with a reason', async (t) => {
  const probes = probesOver(() => {
    throw new Error('connection closed');
  });
  t.deepEqual(await probes.host(hostId('a'), 'addresses', {}, signal), { ok: false, why: 'connection closed' });
});

test('an unknown gate is a bug and says so', async (t) => {
  t.throws(
    () =>
      probeGate(
        'prayer',
        probesOver(() => ({ ok: false, why: '' })),
        {},
        signal,
      ),
    { message: /internal error: there is no gate "prayer"/ },
  );
});

test('connections-held is told what had broken when the stage before ended', async (t) => {
  const held = { address: '192.0.2.39', port: 8443, probes: 1, failed: 0, longestGapMs: 0, slowestMs: 0 };
  const probes = coordinatorProbes({ wire: { query: async () => ({ ok: false, why: '' }) }, heartbeats: new Map(), kubernetes, nowMs: () => 7 });
  const measured = [
    { stage: stageId('one'), observer: 'a', observations: [{ ...held, heldBroken: 1 }] },
    { stage: stageId('two'), observer: 'a', observations: [{ ...held, heldBroken: 3 }] },
    { stage: stageId('two'), observer: 'b', observations: [{ ...held, address: '192.0.2.40', heldBroken: 9 }] },
  ];
  const sample = await gatesOver(probes).probe(
    'connections-held',
    { endpoint: { address: '192.0.2.39', port: 8443 }, hosts: ['a', 'b'] },
    { before: undefined, measured },
    signal,
  );
  t.like(sample, [{ atStageStart: 3 }, { atStageStart: undefined }]);
});
