/**
 * A change asked for and reported, all the way: the coordinator signs and the broker stores, the agent checks, journals before and after, changes
 * a file of a host in memory, and reports. Against what the wire alone costs: a request and its reply over the same broker with the same TLS.
 * All agents run in this process, as the coordinator does, so that both sides of the comparison share one thread.
 */
import { mkdir } from 'node:fs/promises';
import { actionFor } from '@reberth/agent/actions/index.ts';
import { createMemoryDeadlines } from '@reberth/agent/deadline/memory-deadlines.ts';
import { fileMarks, fileStorage } from '@reberth/agent/host/linux/file-storage.ts';
import { createMemoryHost } from '@reberth/agent/host/memory/memory-host.ts';
import { openJournal } from '@reberth/agent/journal/journal.ts';
import { openMarks } from '@reberth/agent/journal/marks.ts';
import { openLink } from '@reberth/agent/link/link.ts';
import { createRunner } from '@reberth/agent/runner/runner.ts';
import type { Report } from '@reberth/protocol/ask.ts';
import type { HostId } from '@reberth/protocol/ids.ts';
import { subjectsOf } from '@reberth/protocol/subjects.ts';
import { until } from '../test/integration/support.ts';
import { KUBECONFIG, kubeconfigText, nthAsk } from './lib/asks.ts';
import { type Cleanup, withCleanup } from './lib/cleanup.ts';
import { folderOnDisk } from './lib/folder.ts';
import { CLUSTER, type Ground, quiet, raiseGround } from './lib/ground.ts';
import { inTurns, timed } from './lib/measure.ts';
import { type Result, type Row, row } from './lib/result.ts';

const FLEETS = [
  { size: 1, rounds: 100 },
  { size: 50, rounds: 15 },
] as const;

export async function askRoundTrip(): Promise<Result> {
  const rows: Row[] = [];
  for (const { size, rounds } of FLEETS) rows.push(await measure(size, rounds));
  return {
    name: 'ask-round-trip',
    compares: 'ask → report, signed, stored, journaled and done, against a bare NATS request → reply over the same broker and TLS',
    runs: `${FLEETS.map(({ size, rounds }) => `${rounds} rounds of ${size} ${size === 1 ? 'host' : 'hosts at once'}`).join(', ')}, in turns, medians of a round`,
    rows,
    notes: ['Until the last host has answered. Each host syncs four times for an ask: the mark and its folder, the intent, the end.'],
  };
}

const measure = (size: number, rounds: number): Promise<Row> =>
  withCleanup(async (cleanup) => {
    const names = (net: number) => Array.from({ length: size }, (_, at) => `10.0.${net}.${at + 1}`);
    const ground = await raiseGround(cleanup, await folderOnDisk(cleanup), [...names(1), ...names(2)]);
    const [agents, bare] = [ground.hosts.slice(0, size), ground.hosts.slice(size)];
    for (const host of agents) await startAgent(cleanup, ground, host);
    const ours = askAll(ground, agents);
    const theirs = await requestAll(ground, bare);
    const took = await inTurns({ ours: () => timed(ours), bare: () => timed(theirs) }, rounds);
    return row(size === 1 ? '1 host' : `${size} hosts`, 'ms', took.ours, { what: 'request → reply', measured: took.bare });
  });

async function startAgent(cleanup: Cleanup, ground: Ground, host: HostId): Promise<void> {
  const config = await ground.config(host);
  await mkdir(config.stateFolder, { recursive: true });
  const journal = await openJournal(await fileStorage(config.stateFolder), quiet);
  const runner = createRunner({
    ...{ self: host, journal, deadlines: createMemoryDeadlines(), actionFor, log: quiet },
    host: createMemoryHost({ files: { [KUBECONFIG]: kubeconfigText() }, nowMs: Date.now() }),
  });
  const link = openLink({
    config,
    perform: (ask) => runner.perform(ask),
    answer: async () => ({ ok: true, value: null }),
    marks: await openMarks(fileMarks(config.stateFolder)),
    isKnown: (ask) => runner.isKnown(ask),
    log: quiet,
    nowMs: Date.now,
  });
  cleanup.add(() => link.close());
  await until(`${host} is connected`, () => link.status().startsWith('connected'));
}

/** One round: a new step for every host at once, over when all have reported it done. */
function askAll({ wire }: Ground, hosts: readonly HostId[]): () => Promise<void> {
  const waiting = new Map<HostId, (report: Report) => void>();
  wire.onReport((report) => waiting.get(report.host)?.(report));
  let round = 0;
  let counter = 0;
  return async () => {
    round += 1;
    await Promise.all(
      hosts.map(async (host) => {
        const reported = new Promise<Report>((resolve) => void waiting.set(host, resolve));
        counter += 1;
        await wire.ask(nthAsk(host, round, counter));
        const { outcome, why } = await reported;
        if (outcome !== 'done') throw new Error(`cannot measure: ${host} answered ${outcome}: ${why}`);
      }),
    );
  };
}

/** One round: as many bytes as an ask has, answered by as many as a report has. */
async function requestAll(ground: Ground, hosts: readonly HostId[]): Promise<() => Promise<void>> {
  const subjects = subjectsOf(CLUSTER);
  const [question, answer] = [Buffer.alloc(700, 'q'), Buffer.alloc(200, 'a')];
  for (const host of hosts) {
    const connection = await ground.raw(host);
    connection.subscribe(subjects.query(host), { callback: (_, message) => void message.respond(answer) });
    await connection.flush();
  }
  const coordinator = await ground.raw();
  return async () => {
    await Promise.all(hosts.map((host) => coordinator.request(subjects.query(host), question, { timeout: 5_000 })));
  };
}
