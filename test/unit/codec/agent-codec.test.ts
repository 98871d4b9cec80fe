import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { loadSync, type MethodDefinition } from '@grpc/proto-loader';
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { agentCodec, CodecError, MESSAGE_LIMIT_BYTES } from '@reberth/protocol/codec/agent-codec.ts';
import { agentPackageDefinition, coordinatorPackageDefinition } from '@reberth/protocol/codec/schema.ts';
import { digestOf, hostId, rolloutId, stepId } from '@reberth/protocol/ids.ts';
import type { Heartbeat, Query, QueryAnswer } from '@reberth/protocol/query.ts';
import test from 'ava';
import fc from 'fast-check';

const codec = agentCodec();

const ask: Ask = {
  rollout: rolloutId('r-20261123-093012-4f1a'),
  step: stepId('switch/1/192.0.2.43/kubelet'),
  operation: 'do',
  attempt: 2,
  planDigest: digestOf('a'.repeat(64)),
  host: hostId('192.0.2.43'),
  epoch: 3,
  counter: Number.MAX_SAFE_INTEGER,
  expiresAtMs: 1_795_000_000_000,
  kind: 'kubeconfig-server',
  version: 1,
  params: { files: ['/etc/kubernetes/kubelet.kubeconfig'], nested: { z: 1, a: [true, null, 'ü'] } },
  confirmWithinMs: 60_000,
  expect: [{ path: '/etc/x', before: 'absent', after: 'made-on-host' }],
  inputs: { certificate: 'PEM' },
};
const report: Report = {
  rollout: ask.rollout,
  step: ask.step,
  operation: 'undo',
  attempt: 0,
  host: ask.host,
  outcome: 'failed',
  left: 'between',
  why: '',
  startedAtMs: 0,
  endedAtMs: 1_795_000_000_000,
  outputs: { csr: 'PEM' },
};
const heartbeat: Heartbeat = {
  host: '192.0.2.43',
  bootId: 'b',
  agentVersion: '0.1.0',
  sentAtMs: 5,
  uptimeMs: 6,
  openSteps: [],
  epoch: 0,
  units: [{ name: 'kubelet.service', active: 'active' }],
  problems: [],
  observations: [{ address: '192.0.2.10', port: 8443, probes: 9, failed: 1, longestGapMs: 20, slowestMs: 0, lastFailure: 'refused', heldBroken: 0 }],
};

test('an ask comes back as it was, signed envelope included', (t) => {
  const signed = { ask: codec.encodeAsk(ask), signature: randomBytes(64), keyId: 'k1' };
  const back = codec.decodeSignedAsk(codec.encodeSignedAsk(signed));
  t.deepEqual(Buffer.from(back.signature), signed.signature);
  t.is(back.keyId, 'k1');
  t.deepEqual(codec.decodeAsk(back.ask), ask);
});

test('equal asks have equal bytes, whatever the order of their keys', (t) => {
  const { params, ...rest } = ask;
  const turned = { params: Object.fromEntries(Object.entries(params).reverse()), ...rest };
  t.deepEqual(codec.encodeAsk(turned), codec.encodeAsk(ask));
});

test('reports, questions, answers and heartbeats come back as they were', (t) => {
  t.deepEqual(codec.decodeReport(codec.encodeReport(report)), report);
  const queries: Query[] = [
    { kind: 'facts', addresses: ['192.0.2.10'] },
    { kind: 'dry-run', request: { steps: [{ id: 's', kind: 'k', version: 1, params: { a: [1] } }] } },
    { kind: 'probe', probe: 'http', params: {} },
    { kind: 'observe', endpoints: [{ address: '192.0.2.10', port: 8443, caFile: '/ca' }], intervalMs: 100, untilMs: 9 },
  ];
  for (const query of queries) t.deepEqual(codec.decodeQuery(codec.encodeQuery(query)), query);
  const answers: QueryAnswer[] = [
    { ok: true, value: { deep: [1, 'x'] } },
    { ok: true, value: null },
    { ok: false, why: 'no such probe' },
  ];
  for (const answer of answers) t.deepEqual(codec.decodeQueryAnswer(codec.encodeQueryAnswer(answer)), answer);
  t.deepEqual(codec.decodeHeartbeat(codec.encodeHeartbeat(heartbeat)), heartbeat);
});

test('an answer without a value is still an answer', (t) => {
  t.like(codec.decodeQueryAnswer(codec.encodeQueryAnswer({ ok: true, value: undefined })), { ok: true });
});

test('bad bytes give a CodecError from every decoder, and nothing else', (t) => {
  const decoders = [codec.decodeAsk, codec.decodeSignedAsk, codec.decodeReport, codec.decodeQuery, codec.decodeQueryAnswer, codec.decodeHeartbeat];
  const good = [codec.encodeAsk(ask), codec.encodeReport(report), codec.encodeHeartbeat(heartbeat)];
  const damaged = fc.tuple(fc.constantFrom(...good), fc.nat(), fc.integer({ min: 0, max: 255 })).map(([bytes, at, value]) => {
    const copy = Uint8Array.from(bytes);
    copy[at % copy.length] = value;
    return copy.subarray(0, at % 2 === 0 ? copy.length : at % copy.length);
  });
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 200 }), damaged), fc.constantFrom(...decoders), (bytes, decode) => {
      try {
        decode(bytes);
      } catch (error) {
        return error instanceof CodecError && error.name === 'CodecError';
      }
      return true;
    }),
    { seed: 20261123, numRuns: 2000 },
  );
  t.pass();
});

test('more than a mebibyte is refused in both directions', (t) => {
  t.throws(() => codec.decodeAsk(new Uint8Array(MESSAGE_LIMIT_BYTES + 1)), { instanceOf: CodecError, message: /bytes are more than/ });
  t.throws(() => codec.encodeQueryAnswer({ ok: true, value: 'x'.repeat(MESSAGE_LIMIT_BYTES) }), { instanceOf: CodecError });
});

test('an ask that lacks what it needs is refused on both sides, naming the field', (t) => {
  t.throws(() => codec.encodeAsk({ ...ask, host: hostId('') }), { message: /host/ });
  t.throws(() => codec.encodeAsk({ ...ask, counter: -1 }), { message: /counter/ });
  t.throws(() => codec.encodeAsk({ ...ask, attempt: 2 ** 32 }), { message: /attempt/ });
  t.throws(() => codec.decodeAsk(new Uint8Array(0)), { instanceOf: CodecError });
});

test('an error does not quote the message', (t) => {
  const error = t.throws(() => codec.decodeQuery(Buffer.concat([Buffer.from([0x0a, 12]), Buffer.from('hunter2 {"a"')])));
  t.false(String(error?.message).includes('hunter2'));
});

test('the embedded descriptors say what the .proto files say', (t) => {
  const options = { keepCase: false, longs: Number, defaults: true, oneofs: true, bytes: Buffer };
  const folder = new URL('../../../proto/reberth/v1/', import.meta.url).pathname;
  for (const [file, embedded] of [
    ['agent.proto', agentPackageDefinition()],
    ['coordinator.proto', coordinatorPackageDefinition()],
  ] as const) {
    t.true(readFileSync(`${folder}${file}`, 'utf8').includes('package reberth.v1'));
    const loaded = loadSync(`${folder}${file}`, options);
    t.deepEqual(Object.keys(embedded).sort(), Object.keys(loaded).sort());
    for (const [name, definition] of Object.entries(loaded)) {
      if ('format' in definition) continue;
      const twins = embedded[name] as Record<string, MethodDefinition<object, object>>;
      t.deepEqual(Object.keys(twins), Object.keys(definition));
      for (const [method, there] of Object.entries(definition)) {
        const here = twins[method];
        t.is(here?.path, there.path);
        t.is(here?.responseStream, there.responseStream);
        t.deepEqual(here?.requestDeserialize(Buffer.alloc(0)), there.requestDeserialize(Buffer.alloc(0)));
      }
    }
  }
});

test('the API sees camel case, plain numbers and a named oneof', (t) => {
  const service = coordinatorPackageDefinition()['reberth.v1.Coordinator'] as Record<string, MethodDefinition<object, object>>;
  const { Watch: watch, MakePlan: makePlan } = service;
  t.deepEqual(watch?.requestDeserialize(watch.requestSerialize({ rollout: 'r', afterSeq: 7, follow: true })), {
    rollout: 'r',
    afterSeq: 7,
    follow: true,
  });
  t.like(makePlan?.responseDeserialize(makePlan.responseSerialize({ refused: { reasons: ['a', 'b'] } })), {
    progress: 'refused',
    refused: { reasons: ['a', 'b'] },
  });
});
