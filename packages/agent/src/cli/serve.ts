/**
 * `reberth-agent serve`: builds everything and runs until it is told to stop. What was begun before the last stop is ended before the first
 * new ask is taken. SIGTERM finishes the step in hand; a journal that takes no write any more ends the program, so that the next start finds
 * out what became of the step.
 */
import { once } from 'node:events';
import { createNotify } from '@reberth/daemon/notify.ts';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import { pino } from 'pino';
import { actionFor } from '../actions/index.ts';
import { createAnswer } from '../answer.ts';
import type { AgentConfig } from '../config.ts';
import { watchDeadlines } from '../deadline/watch.ts';
import { collectFacts } from '../facts/index.ts';
import { unitsFact } from '../facts/units.ts';
import { runHealth } from '../health.ts';
import { steadyClock, wallClock } from '../host/linux/clock.ts';
import { linuxDeadlines } from '../host/linux/deadlines.ts';
import { linuxDialer } from '../host/linux/dialer.ts';
import { fileMarks, fileStorage, touchState } from '../host/linux/file-storage.ts';
import { linuxHost } from '../host/linux/host.ts';
import { lockState } from '../host/linux/lock.ts';
import { linuxSenses } from '../host/linux/senses.ts';
import { linuxSurvey } from '../host/linux/survey.ts';
import { openJournal } from '../journal/journal.ts';
import { type Marks, openMarks } from '../journal/marks.ts';
import type { Storage } from '../journal/storage.ts';
import { type Link, openLink } from '../link/link.ts';
import { createObserver } from '../observe/observer.ts';
import { createProbes } from '../probes/index.ts';
import { createRefusingRunner } from '../runner/refusing-runner.ts';
import { createRunner, type Runner } from '../runner/runner.ts';
import { isStorageFailure, type Log, type Work } from '../runner/work.ts';
import { AGENT_VERSION } from '../version.ts';
import { readConfig, type Terminal } from './context.ts';

export async function serve(options: { readonly config: string }, terminal: Terminal): Promise<number> {
  const config = await readConfig(options.config);
  const log = pino({ level: config.logLevel, base: { host: config.host } }, pino.destination({ fd: 1, sync: true }));
  const storage = await fileStorage(config.stateFolder);
  const lock = await lockState(config.stateFolder);
  if (!lock.ok) {
    terminal.problem(`cannot serve: process ${lock.pid} works on ${config.stateFolder} already`);
    return 1;
  }
  try {
    return await run(config, storage, log);
  } finally {
    await lock.release();
  }
}

async function run(config: AgentConfig, storage: Storage, log: Log): Promise<number> {
  const host = linuxHost({ helpers: config.helpersFolder });
  const { runner, marks, problems } = await trusted(config, storage, { self: config.host, host, deadlines: linuxDeadlines(), actionFor, log });
  const observer = createObserver({ dialer: linuxDialer(), clock: steadyClock });
  const answer = createAnswer({
    facts: (addresses, inventory) =>
      collectFacts({ host, survey: linuxSurvey, self: config.host, agentVersion: AGENT_VERSION }, addresses, inventory),
    dryRun: (request) => runner.dryRun(request),
    probe: createProbes({ host, senses: linuxSenses({ helpers: config.helpersFolder }) }),
    watch: (watch) => observer.watch(watch),
  });
  const notify = createNotify(process.env, (error) => log.warn({ why: messageOf(error) }, 'cannot tell systemd'));
  const stop = new AbortController();
  const failed = new AbortController();
  let link: Link | undefined;
  let watching: Promise<void> | undefined;

  const health = runHealth(
    {
      host: config.host,
      agentVersion: AGENT_VERSION,
      bootId: (await host.readFile('/proc/sys/kernel/random/boot_id'))?.bytes.toString('utf8').trim() ?? '',
      intervalMs: config.heartbeatMs,
      touchState: () => touchState(config.stateFolder),
      units: async () => (await unitsFact({ host })).value.map(({ name, active }) => ({ name, active })),
      openSteps: () => runner.openSteps(),
      epoch: () => marks.read().epoch,
      observations: () => observer.observations(),
      linkStatus: () => link?.status() ?? 'ending what was begun before the start',
      publish: async (heartbeat) => link?.publish({ ...heartbeat, problems: [...heartbeat.problems, ...problems] }),
      notify,
      clock: wallClock,
      log,
    },
    stop.signal,
  );
  const told = toldToStop(failed.signal);
  notify.ready('started');
  log.info({ agentVersion: AGENT_VERSION, openSteps: runner.openSteps() }, 'started');
  try {
    await runner.recover();
    watching = watchDeadlines({ takeBackOverdue: () => runner.takeBackOverdue(), sleep: steadyClock.sleep }, stop.signal).catch((error: unknown) =>
      failed.abort(error),
    );
    link = openLink({
      config,
      perform: (ask) =>
        runner.perform(ask).catch((error: unknown) => {
          if (isStorageFailure(error)) failed.abort(error);
          throw error;
        }),
      answer,
      marks,
      isKnown: (ask) => runner.isKnown(ask),
      log,
      nowMs: () => host.nowMs(),
    });
    const why = await told;
    notify.stopping(why);
    log.info({ why, openSteps: runner.openSteps() }, 'stopping');
    await runner.close();
    // One turn of the loop for the report of the step that was in hand.
    await host.sleep(0);
    return failed.signal.aborted ? 1 : 0;
  } finally {
    await link?.close();
    stop.abort();
    await Promise.all([health, watching]);
  }
}

/** Without a journal and marks that can be trusted the agent goes on looking and answering, and refuses every change. */
async function trusted(
  config: AgentConfig,
  storage: Storage,
  work: Omit<Work, 'journal'>,
): Promise<{ readonly runner: Runner; readonly marks: Marks; readonly problems: readonly string[] }> {
  try {
    const journal = await openJournal(storage, work.log);
    return { runner: createRunner({ ...work, journal }), marks: await openMarks(fileMarks(config.stateFolder)), problems: [] };
  } catch (error) {
    if (!(error instanceof ReberthError) || error.code !== 'journal-damaged') throw error;
    const why = `${error.message}; every change is refused`;
    work.log.error({ why, hint: error.hint }, 'journal damaged');
    // Nothing is accepted, so there is nothing to remember.
    return {
      runner: createRefusingRunner(work, why),
      marks: { read: () => ({ epoch: 0, counter: 0 }), raise: async () => undefined },
      problems: [why],
    };
  }
}

async function toldToStop(failed: AbortSignal): Promise<string> {
  const ended = new AbortController();
  const { signal } = ended;
  try {
    return await Promise.race([
      once(process, 'SIGTERM', { signal }).then(() => 'told to stop'),
      once(process, 'SIGINT', { signal }).then(() => 'told to stop'),
      once(failed, 'abort', { signal }).then(() => messageOf(failed.reason)),
    ]);
  } finally {
    ended.abort();
  }
}
