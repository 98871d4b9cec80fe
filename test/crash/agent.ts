/** The agent of a trial: the real journal, marks, lock, runner and link, as `reberth-agent serve` puts them together, over a host in a folder. */
import { join } from 'node:path';
import { actionFor } from '@reberth/agent/actions/index.ts';
import type { AgentConfig } from '@reberth/agent/config.ts';
import { fileMarks, fileStorage } from '@reberth/agent/host/linux/file-storage.ts';
import { lockState } from '@reberth/agent/host/linux/lock.ts';
import { openJournal } from '@reberth/agent/journal/journal.ts';
import { openMarks } from '@reberth/agent/journal/marks.ts';
import { openLink } from '@reberth/agent/link/link.ts';
import { createRunner } from '@reberth/agent/runner/runner.ts';
import { type HostId, hostId } from '@reberth/protocol/ids.ts';
import type { Log, Running, TrialOptions } from './options.ts';
import type { Points } from './points.ts';
import { sandboxDeadlines } from './sandbox.ts';
import { CLUSTER, hostFolder, hostOf } from './world.ts';

const HEARTBEAT_MS = 150;

export async function runAgent(options: TrialOptions, name: HostId, points: Points, log: Log): Promise<Running> {
  const host = points.watched('host', hostOf(options.folder, name));
  const config = configOf(options, name);
  const storage = points.watched('storage', await fileStorage(config.stateFolder));
  const lock = await lockState(config.stateFolder);
  if (!lock.ok) throw new Error(`process ${lock.pid} holds the lock`);
  const journal = await openJournal(storage, log);
  const deadlines = points.watched('deadlines', sandboxDeadlines(hostFolder(options.folder, name)));
  const runner = createRunner({ self: hostId(name), host, deadlines, journal, actionFor, log });
  const marks = await openMarks(points.watched('marks', fileMarks(config.stateFolder)));
  await runner.recover();
  const recovered = points.met.length;
  const desk = points.watched('link', { perform: runner.perform, answer: async () => ({ ok: false, why: 'nothing is asked here' }) as const });
  const link = openLink({ config, ...desk, perform: desk.perform, answer: desk.answer, marks, isKnown: runner.isKnown, log, nowMs: Date.now });
  const beat = () =>
    void link.publish({
      ...{ host: name, bootId: 'boot', agentVersion: 'trial', sentAtMs: Date.now(), uptimeMs: 0, epoch: marks.read().epoch },
      ...{ openSteps: [...runner.openSteps()], units: [], problems: [], observations: [] },
    });
  const beating = setInterval(beat, HEARTBEAT_MS);
  return {
    recovered,
    // It serves until it is told to stop.
    ended: new Promise(() => undefined),
    async close() {
      clearInterval(beating);
      await runner.close();
      await link.close();
      await lock.release();
    },
  };
}

export const stateOf = (folder: string, host: HostId): string => join(hostFolder(folder, host), 'state');

function configOf({ folder, etc, server }: TrialOptions, host: HostId): AgentConfig {
  const bundle = (name: string): string => join(etc, 'hosts', host, name);
  return {
    cluster: CLUSTER,
    host: hostId(host),
    servers: [server],
    caFile: bundle('ca.crt'),
    certFile: bundle('agent.crt'),
    keyFile: bundle('agent.key'),
    signingKeyFile: bundle('signing.pub'),
    stateFolder: stateOf(folder, host),
    helpersFolder: '/nowhere',
    heartbeatMs: 1_000,
    logLevel: 'info',
  };
}
