/**
 * One record made durable: by the agent's journal and by the coordinator's store, against the least that any journal must do, which is to write
 * the very same bytes to an open file and sync them. The three take turns on one disk.
 */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fileStorage } from '@reberth/agent/host/linux/file-storage.ts';
import { type Journal, openJournal } from '@reberth/agent/journal/journal.ts';
import type { JournalRecord } from '@reberth/agent/journal/records.ts';
import { fileStore } from '@reberth/coordinator/store/file-store.ts';
import type { Store } from '@reberth/coordinator/store/store.ts';
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import { rolloutId } from '@reberth/protocol/ids.ts';
import { CHAIN_START, frame } from '@reberth/protocol/record.ts';
import { aReport } from './lib/asks.ts';
import { type Cleanup, withCleanup } from './lib/cleanup.ts';
import { folderOnDisk } from './lib/folder.ts';
import { quiet } from './lib/ground.ts';
import { inTurns, timed } from './lib/measure.ts';
import { type Result, row } from './lib/result.ts';

const ROUNDS = 400;
const LIMIT = 1.5;

export const journal = (): Promise<Result> =>
  withCleanup(async (cleanup) => {
    const folder = await folderOnDisk(cleanup);
    const agents = await agentJournal(folder);
    const store = await coordinatorStore(cleanup, folder);
    const bareRecord = await bareAppend(cleanup, join(folder, 'bare-record'), frame(CHAIN_START, aRecord(1)).line);
    const bareEvent = await bareAppend(cleanup, join(folder, 'bare-event'), frame(CHAIN_START, anEvent(1)).line);
    let attempt = 0;
    const took = await inTurns(
      {
        agent() {
          attempt += 1;
          return timed(() => agents.append(aRecord(attempt)));
        },
        bareRecord: () => timed(bareRecord),
        coordinator: () => timed(() => store.append(anEvent(attempt))),
        bareEvent: () => timed(bareEvent),
      },
      ROUNDS,
    );
    const against = (what: string, ours: number, bare: number) => row(what, 'ms', ours, { what: 'write + fdatasync', measured: bare }, LIMIT);
    return {
      name: 'journal',
      compares: 'a record appended and on disk, against a bare write and fdatasync of the same bytes to the same disk',
      runs: `${ROUNDS} of each in turns, medians`,
      rows: [
        against("the agent's journal, one report", took.agent, took.bareRecord),
        against("the coordinator's store, one event", took.coordinator, took.bareEvent),
      ],
    };
  });

const agentJournal = async (folder: string): Promise<Journal> => openJournal(await fileStorage(join(folder, 'agent')), quiet);

async function coordinatorStore(cleanup: Cleanup, folder: string): Promise<Store> {
  const store = await fileStore(join(folder, 'coordinator'));
  cleanup.add(() => store.close());
  return store;
}

async function bareAppend(cleanup: Cleanup, path: string, line: string): Promise<() => Promise<void>> {
  const handle = await open(path, 'a', 0o600);
  cleanup.add(() => handle.close());
  const bytes = Buffer.from(line);
  return async () => {
    await handle.write(bytes);
    await handle.datasync();
  };
}

const aRecord = (attempt: number): JournalRecord => ({
  is: 'ended',
  ...{ rollout: 'r-1', step: 'switch/192.0.2.43/kubelet', attempt, planDigest: '0'.repeat(64), kind: 'kubeconfig-server', version: 1, atMs: 1 },
  title: 'point kubelet at 192.0.2.40:8443',
  report: aReport(attempt),
});

const anEvent = (seq: number): RolloutEvent => ({
  rollout: rolloutId('r-1'),
  seq,
  atMs: 1_795_452_770_312,
  body: { type: 'reported', report: aReport(seq) },
});
