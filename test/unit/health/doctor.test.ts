import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { doctorFindings, type Seen } from '@reberth/coordinator/health/doctor-findings.ts';
import { type DoctorParts, examine } from '@reberth/coordinator/health/examine.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import type { QueryAnswer } from '@reberth/protocol/query.ts';
import test from 'ava';
import { fleet, OLD } from '../../support/fleet.ts';

const ok = { ok: true, value: undefined } as const;
const bad = { ok: false, why: 'it is gone' } as const;
const row = { id: 'a', state: 'well', agentVersion: '0.1.0', heardSecondsAgo: 1, bootId: '', openSteps: [], problems: [] } as const;

const healthy: Seen = {
  broker: { connected: true, server: '192.0.2.41:4222', version: '2.10.3', syncAlways: true },
  hosts: [row],
  clocks: [{ host: 'a', answer: { ok: true, value: { skewMs: 0, synchronised: true } } }],
  clusterCa: ok,
  credentials: ok,
  masters: [{ endpoint: '192.0.2.41:6443', answer: { ok: true, value: { status: 200 } } }],
  channels: [{ name: 'NATS', address: '192.0.2.41' }],
  virtualAddresses: { ok: true, value: [OLD] },
  unreadable: [],
  stateFolder: { path: '/var/lib/reberth-coordinator', answer: ok },
};

/** Everything that is not well: `level subject: text`. */
const complaints = (change: Partial<Seen>): readonly string[] =>
  doctorFindings({ ...healthy, ...change }).flatMap(({ level, subject, text }) => (level === 'ok' ? [] : [`${level} ${subject}: ${text}`]));

test('on a healthy system every subject is named and nothing is left to do', (t) => {
  const findings = doctorFindings(healthy);
  t.deepEqual(
    findings.map(({ subject }) => subject),
    [
      'broker',
      'host a',
      'clock of a',
      'cluster CA',
      'kubeconfig',
      'API server 192.0.2.41:6443',
      'channel',
      'state folder /var/lib/reberth-coordinator',
    ],
  );
  t.true(findings.every(({ level, next }) => level === 'ok' && next === ''));
});

test('a silent host is named once in its line', (t) => {
  t.deepEqual(complaints({ hosts: [{ ...row, id: '192.0.2.44', state: 'silent', heardSecondsAgo: 20 }] }), [
    'problem host 192.0.2.44: agent has been silent for 20 s',
  ]);
});

test('every complaint comes with the next move', (t) => {
  const findings = doctorFindings({
    broker: { connected: false, server: '', version: '', syncAlways: undefined },
    hosts: [
      { ...row, state: 'silent' },
      { ...row, state: 'unwell', problems: ['disk full'] },
    ],
    clocks: [
      { host: 'a', answer: bad },
      { host: 'b', answer: { ok: true, value: { skewMs: 31_000 } } },
    ],
    clusterCa: bad,
    credentials: bad,
    masters: [
      { endpoint: 'm', answer: bad },
      { endpoint: 'm', answer: { ok: true, value: { status: 403 } } },
    ],
    channels: [{ name: 'NATS', address: OLD }],
    virtualAddresses: { ok: true, value: [OLD] },
    unreadable: ['a: /etc/hosts:1: no'],
    stateFolder: { path: '/x', answer: bad },
  });
  t.is(findings.length, 12);
  for (const { level, next } of findings) {
    t.not(level, 'ok');
    t.not(next, '');
  }
});

test('a broker that does not know sync_interval is a warning, one that others run is not judged', (t) => {
  t.regex(
    complaints({ broker: { ...healthy.broker, version: '2.9.10', syncAlways: false } }).join(),
    /^warning broker: nats-server 2\.9\.10 does not know sync_interval/,
  );
  t.deepEqual(complaints({ broker: { ...healthy.broker, version: '', syncAlways: undefined } }), []);
});

test('a broker that is not connected is a problem', (t) => {
  t.deepEqual(complaints({ broker: { ...healthy.broker, connected: false } }), ['problem broker: cannot reach the broker at 192.0.2.41:4222']);
});

test('a clock is a problem beyond the limit of planning, and a warning when nobody keeps it or it does not answer', (t) => {
  const clock = (skewMs: number, synchronised?: boolean) =>
    complaints({ clocks: [{ host: 'a', answer: { ok: true, value: { skewMs, synchronised } } }] });
  t.deepEqual(clock(30_000), []);
  t.deepEqual(clock(30_600), ["problem clock of a: 31 s ahead of the coordinator's"]);
  t.deepEqual(clock(-45_000), ["problem clock of a: 45 s behind the coordinator's"]);
  t.deepEqual(clock(0, false), ['warning clock of a: right, but no time source keeps it so']);
  t.deepEqual(complaints({ clocks: [{ host: 'a', answer: bad }] }), ['warning clock of a: cannot be compared: it is gone']);
});

test('an API server that refuses our credentials is told from one that is not ready', (t) => {
  const master = (status: number) => complaints({ masters: [{ endpoint: 'm', answer: { ok: true, value: { status } } }] });
  t.deepEqual(master(401), ["problem API server m: refuses the coordinator's credentials (401)"]);
  t.deepEqual(master(500), ['problem API server m: answers /readyz with 500']);
});

test('a channel over an address that keepalived serves is a problem, and one that cannot be judged a warning', (t) => {
  t.deepEqual(
    complaints({
      channels: [
        { name: 'NATS', address: OLD },
        { name: 'gRPC', address: '127.0.0.1' },
      ],
    }),
    [`problem channel: NATS is reached at ${OLD}, a virtual address that may move`],
  );
  t.deepEqual(complaints({ virtualAddresses: bad }), ['warning channel: cannot tell whether it rides on a virtual address: it is gone']);
});

function parts(stateFolder: string, query: (host: string, kind: string) => QueryAnswer): DoctorParts {
  return {
    hosts: [hostId('192.0.2.41'), hostId('192.0.2.42')],
    heartbeats: new Map(),
    channels: healthy.channels,
    stateFolder,
    broker: () => healthy.broker,
    query: async (host, { kind }) => query(host, kind),
    kubernetes: { masters: [{ address: '192.0.2.41', port: 6443 }], get: async () => ({ ok: false, why: 'refused' }), close: () => undefined },
    credentials: async () => {
      throw new Error('cannot read /root/.kube/config: ENOENT');
    },
    clusterCa: async () => bad,
    nowMs: () => 50_000,
  };
}

const factsOf = (host: string): QueryAnswer => ({ ok: true, value: fleet().find((facts) => facts.host === host) });

test('looking gathers every answer, failures included, and leaves nothing behind in the state folder', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'reberth-doctor-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const seen = await examine(
    parts(folder, (host, kind) =>
      kind === 'facts' ? factsOf(host) : { ok: true, value: { nowMs: 50_000 + (host === '192.0.2.42' ? 31_000 : 0), synchronised: true } },
    ),
    AbortSignal.timeout(10_000),
  );
  t.deepEqual(seen.virtualAddresses, { ok: true, value: [OLD, OLD] });
  t.deepEqual(
    seen.clocks.map(({ answer }) => answer.ok && answer.value.skewMs),
    [0, 31_000],
  );
  t.like(seen, {
    credentials: { ok: false, why: 'cannot read /root/.kube/config: ENOENT' },
    clusterCa: bad,
    masters: [{ endpoint: '192.0.2.41:6443', answer: { ok: false, why: 'refused' } }],
  });
  t.deepEqual(seen.stateFolder, { path: folder, answer: { ok: true, value: undefined } });
  t.deepEqual(await readdir(folder), []);
});

test('hosts that do not answer and a folder that is not there are answers', async (t) => {
  const folder = join(tmpdir(), 'reberth-no-such-folder');
  const seen = await examine(
    parts(folder, () => ({ ok: false, why: 'no answer' })),
    AbortSignal.timeout(10_000),
  );
  t.deepEqual(seen.virtualAddresses, { ok: false, why: '192.0.2.41: no answer; 192.0.2.42: no answer' });
  t.deepEqual(
    seen.clocks.map(({ answer }) => answer),
    [
      { ok: false, why: 'no answer' },
      { ok: false, why: 'no answer' },
    ],
  );
  t.regex(seen.stateFolder.answer.ok ? '' : seen.stateFolder.answer.why, /ENOENT/);
});
