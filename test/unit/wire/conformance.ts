/** What every wire promises, told once. Run by the wire in memory here and by the one over NATS in test/integration. */

import type { Wire } from '@reberth/coordinator/wire/wire.ts';
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { ReberthError } from '@reberth/protocol/errors.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import type { Heartbeat, Query, QueryAnswer } from '@reberth/protocol/query.ts';
import type { ExecutionContext, TestFn } from 'ava';
import { doneReport, someAsk, until } from '../../integration/support.ts';

export interface Agent {
  perform(ask: Ask): Promise<Report>;
  answer(query: Query): Promise<QueryAnswer>;
}

export interface Fixture {
  readonly wire: Wire;
  readonly hosts: readonly [HostId, HostId];
  /** Resolves when connected. */
  connect(host: HostId, agent: Agent): Promise<{ beat(heartbeat: Heartbeat): void; leave(): Promise<void> }>;
  interrupt(): Promise<void>;
  /** Resolves when the coordinator is connected again; nothing is remembered by the broker. */
  resumeWiped(): Promise<void>;
}

export const agentThat = (more: Partial<Agent> & { readonly heard?: Ask[] }): Agent => ({
  perform: async (ask) => {
    more.heard?.push(ask);
    return doneReport(ask);
  },
  answer: async () => ({ ok: true, value: null }),
  ...more,
});

const heartbeatOf = (host: HostId): Heartbeat => ({
  host,
  bootId: 'b',
  agentVersion: '0.1.0',
  sentAtMs: 1,
  uptimeMs: 2,
  openSteps: [],
  epoch: 0,
  units: [],
  problems: [],
  observations: [],
});

const limits = (timeoutMs: number, signal: AbortSignal = new AbortController().signal) => ({ timeoutMs, signal });
const PROBE: Query = { kind: 'probe', probe: 'clock', params: {} };

export function wireConformance(test: TestFn, fixture: (t: ExecutionContext) => Promise<Fixture>): void {
  test('an ask reaches its own host whole, and its report comes back', async (t) => {
    const { wire, hosts, connect } = await fixture(t);
    const heard: [Ask[], Ask[]] = [[], []];
    const reports: Report[] = [];
    wire.onReport((report) => reports.push(report));
    await connect(hosts[0], agentThat({ heard: heard[0] }));
    await connect(hosts[1], agentThat({ heard: heard[1] }));
    const ask = someAsk(hosts[0], { inputs: { certificate: 'PEM' } });
    await wire.ask(ask);
    await until('the report is there', () => reports.length > 0);
    t.deepEqual(heard, [[ask], []]);
    t.deepEqual(reports, [doneReport(ask)]);
  });

  test('asks to one host are performed one after another, in order', async (t) => {
    const { wire, hosts, connect } = await fixture(t);
    const [host] = hosts;
    const order: string[] = [];
    const perform = async (ask: Ask) => {
      order.push(`begin ${ask.counter}`);
      await new Promise((resolve) => setTimeout(resolve, 30));
      order.push(`end ${ask.counter}`);
      return doneReport(ask);
    };
    await connect(host, agentThat({ perform }));
    for (const counter of [1, 2, 3]) await wire.ask(someAsk(host, { counter }));
    await until('all are done', () => order.length === 6);
    t.deepEqual(order, ['begin 1', 'end 1', 'begin 2', 'end 2', 'begin 3', 'end 3']);
  });

  test('a host that was away gets the latest ask, and only that', async (t) => {
    const { wire, hosts, connect } = await fixture(t);
    const [host] = hosts;
    await wire.ask(someAsk(host, { counter: 1 }));
    await wire.ask(someAsk(host, { counter: 2 }));
    const heard: Ask[] = [];
    const reports: Report[] = [];
    wire.onReport((report) => reports.push(report));
    await connect(host, agentThat({ heard }));
    await until('the report is there', () => reports.length > 0);
    t.deepEqual(
      heard.map(({ counter }) => counter),
      [2],
    );
  });

  test('a question is answered, whatever the answer', async (t) => {
    const { wire, hosts, connect } = await fixture(t);
    const questions: Query[] = [];
    const answers: QueryAnswer[] = [
      { ok: true, value: { deep: [1, null, 'x'] } },
      { ok: false, why: 'no such probe' },
    ];
    const answer = async (query: Query) => {
      questions.push(query);
      return answers[questions.length - 1] ?? { ok: false as const, why: 'asked too often' };
    };
    await connect(hosts[0], agentThat({ answer }));
    t.deepEqual(await wire.query(hosts[0], PROBE, limits(5_000)), { ok: true, value: { deep: [1, null, 'x'] } });
    t.deepEqual(await wire.query(hosts[0], PROBE, limits(5_000)), { ok: false, why: 'no such probe' });
    t.deepEqual(questions, [PROBE, PROBE]);
  });

  test('questions are answered side by side', async (t) => {
    const { wire, hosts, connect } = await fixture(t);
    let waiting: (() => void) | undefined;
    const answer = (): Promise<QueryAnswer> =>
      new Promise((resolve) => {
        // The first waits for the second.
        if (waiting === undefined) waiting = () => resolve({ ok: true, value: 1 });
        else {
          waiting();
          resolve({ ok: true, value: 2 });
        }
      });
    await connect(hosts[0], agentThat({ answer }));
    const both = await Promise.all([wire.query(hosts[0], PROBE, limits(5_000)), wire.query(hosts[0], PROBE, limits(5_000))]);
    t.true(both.every(({ ok }) => ok));
  });

  test('no answer is an answer: nobody there, too slow, given up, a host that fails', async (t) => {
    const { wire, hosts, connect } = await fixture(t);
    t.deepEqual(await wire.query(hosts[1], PROBE, limits(5_000)), { ok: false, why: 'its agent is not connected to the broker' });
    const never = new Promise<QueryAnswer>(() => undefined);
    await connect(hosts[0], agentThat({ answer: () => never }));
    t.deepEqual(await wire.query(hosts[0], PROBE, limits(100)), { ok: false, why: 'no answer within 100 ms' });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    t.deepEqual(await wire.query(hosts[0], PROBE, limits(5_000, controller.signal)), { ok: false, why: 'given up' });
    await connect(hosts[1], agentThat({ answer: () => Promise.reject(new Error('disk on fire')) }));
    t.deepEqual(await wire.query(hosts[1], PROBE, limits(5_000)), { ok: false, why: 'disk on fire' });
  });

  test('heartbeats are heard with the time of hearing', async (t) => {
    const { wire, hosts, connect } = await fixture(t);
    const heard: { heartbeat: Heartbeat; heardAtMs: number }[] = [];
    wire.onHeartbeat((heartbeat, heardAtMs) => heard.push({ heartbeat, heardAtMs }));
    const agent = await connect(hosts[0], agentThat({}));
    const before = Date.now();
    agent.beat(heartbeatOf(hosts[0]));
    const [first] = await until('it is heard', () => heard.length > 0 && heard);
    t.deepEqual(first?.heartbeat, heartbeatOf(hosts[0]));
    t.true((first?.heardAtMs ?? 0) >= before);
  });

  test('a listener that fails does not keep another from hearing', async (t) => {
    const { wire, hosts, connect } = await fixture(t);
    const reports: Report[] = [];
    wire.onReport(() => {
      throw new Error('a bad listener');
    });
    wire.onReport((report) => reports.push(report));
    await connect(hosts[0], agentThat({}));
    await wire.ask(someAsk(hosts[0]));
    await until('the report is there', () => reports.length > 0);
    t.is(reports.length, 1);
  });

  test('without a broker an ask is refused and a question unanswered; a wiped one serves again', async (t) => {
    const { wire, hosts, connect, interrupt, resumeWiped } = await fixture(t);
    const heard: Ask[] = [];
    const reports: Report[] = [];
    wire.onReport((report) => reports.push(report));
    await wire.ask(someAsk(hosts[1]));
    await interrupt();
    await until('the coordinator knows', () => !wire.status().connected);
    const error = await t.throwsAsync(wire.ask(someAsk(hosts[0])), { instanceOf: ReberthError });
    t.is((error as ReberthError).code, 'broker-failed');
    t.deepEqual(await wire.query(hosts[0], PROBE, limits(1_000)), { ok: false, why: 'the coordinator is not connected to the broker' });
    await resumeWiped();
    await connect(hosts[0], agentThat({ heard }));
    await connect(hosts[1], agentThat({ heard }));
    await wire.ask(someAsk(hosts[0], { counter: 2 }));
    await until('the report is there', () => reports.length > 0);
    t.deepEqual(
      heard.map(({ host, counter }) => [host, counter]),
      [[hosts[0], 2]],
    );
  });
}
