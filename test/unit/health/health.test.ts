import type { Status } from '@reberth/coordinator/api/service.ts';
import { type HealthInputs, healthReport } from '@reberth/coordinator/health/health-report.ts';
import { type Heartbeats, hostRows } from '@reberth/coordinator/health/host-rows.ts';
import { type HostId, hostId } from '@reberth/protocol/ids.ts';
import type { Heartbeat } from '@reberth/protocol/query.ts';
import test from 'ava';
import { node, snapshot } from '../../support/snapshot.ts';

const NOW_MS = 100_000;
const hosts = ['a', 'b'].map(hostId);

const beat = (host: string, change: Partial<Heartbeat> = {}): Heartbeat => ({
  host,
  bootId: `boot-${host}`,
  agentVersion: '0.1.0',
  sentAtMs: NOW_MS,
  uptimeMs: 1,
  openSteps: [],
  epoch: 1,
  units: [],
  problems: [],
  observations: [],
  ...change,
});
const heard = (...beats: readonly (readonly [Heartbeat, number])[]): Heartbeats =>
  new Map(
    beats.map(([heartbeat, agoMs]): [HostId, { heartbeat: Heartbeat; heardAtMs: number }] => [
      hostId(heartbeat.host),
      { heartbeat, heardAtMs: NOW_MS - agoMs },
    ]),
  );
const allWell = heard([beat('a'), 900], [beat('b'), 100]);

const status = (state: Status['state'], text = ''): Status => ({ rollout: 'r-1', state, text, next: 'reberth status', detail: {} });
const inputs: HealthInputs = {
  nowMs: NOW_MS,
  rollout: status('none'),
  hosts,
  heartbeats: allWell,
  observations: [],
  cluster: { ok: true, value: snapshot() },
};

test('a host heard lately without complaints is well', (t) => {
  t.deepEqual(hostRows(hosts, allWell, NOW_MS)[0], {
    id: 'a',
    state: 'well',
    agentVersion: '0.1.0',
    heardSecondsAgo: 1,
    bootId: 'boot-a',
    openSteps: [],
    problems: [],
  });
});

test('a host is silent after five seconds, whatever it said last', (t) => {
  const states = (agoMs: number) => hostRows(hosts, heard([beat('a', { problems: ['disk full'] }), agoMs]), NOW_MS).map(({ state }) => state);
  t.deepEqual(states(5_000), ['unwell', 'never heard']);
  t.deepEqual(states(5_001), ['silent', 'never heard']);
});

test('a clock that jumped back makes nobody heard in the future', (t) => {
  t.is(hostRows(hosts, heard([beat('a'), -3_000]), NOW_MS)[0]?.heardSecondsAgo, 0);
});

test('when everything is well the report is ok', (t) => {
  t.like(healthReport(inputs), {
    atMs: NOW_MS,
    level: 'ok',
    problems: [],
    nodes: [
      { name: 'n1', ready: true, why: '' },
      { name: 'n2', ready: true, why: '' },
    ],
  });
});

test('a silent host, an unwell one, a Node that is not Ready and a silent cluster are problems', (t) => {
  const problems = (change: Partial<HealthInputs>) => {
    const report = healthReport({ ...inputs, ...change });
    t.is(report.level, 'problem');
    return report.problems;
  };
  t.deepEqual(problems({ heartbeats: heard([beat('a'), 60_000]) }), ['a: agent has been silent for 60 s', 'b: agent was never heard']);
  t.deepEqual(problems({ heartbeats: heard([beat('a', { problems: ['disk full'] }), 0], [beat('b'), 0]) }), ['a: disk full']);
  t.deepEqual(problems({ cluster: { ok: true, value: snapshot({ nodes: [node('n1', { ready: false, why: 'KubeletNotReady' })] }) } }), [
    'Node n1 is not Ready: KubeletNotReady',
  ]);
  t.deepEqual(problems({ cluster: { ok: false, why: 'connection refused' } }), ['the cluster does not answer: connection refused']);
});

test('a rollout that waits for somebody is a warning with its words, one that runs or is over is not', (t) => {
  for (const state of ['held', 'failed'] as const)
    t.like(healthReport({ ...inputs, rollout: status(state, 'held: stragglers') }), { level: 'warning', problems: ['held: stragglers'] });
  for (const state of ['none', 'running', 'paused', 'done', 'rolled-back'] as const)
    t.is(healthReport({ ...inputs, rollout: status(state) }).level, 'ok');
});

test('endpoints are shown as each observer counted them, and failures of the past change no level', (t) => {
  const seen = { address: '192.0.2.39', port: 8443, probes: 100, failed: 2, longestGapMs: 40, slowestMs: 0, heldBroken: 0 };
  const heartbeats = heard([beat('a', { observations: [{ ...seen, failed: 0, longestGapMs: 0 }] }), 0], [beat('b'), 0]);
  const report = healthReport({ ...inputs, heartbeats, observations: [seen] });
  t.is(report.level, 'ok');
  t.deepEqual(report.endpoints, [
    { endpoint: '192.0.2.39:8443', observer: 'coordinator', probes: 100, failed: 2, longestGapMs: 40 },
    { endpoint: '192.0.2.39:8443', observer: 'a', probes: 100, failed: 0, longestGapMs: 0 },
  ]);
});
