import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { actionFor } from '@reberth/agent/actions/index.ts';
import { revert } from '@reberth/agent/cli/revert.ts';
import { status } from '@reberth/agent/cli/status.ts';
import { createMemoryDeadlines } from '@reberth/agent/deadline/memory-deadlines.ts';
import { fileStorage, readJournalFile } from '@reberth/agent/host/linux/file-storage.ts';
import { linuxHost } from '@reberth/agent/host/linux/host.ts';
import { openJournal, readJournal } from '@reberth/agent/journal/journal.ts';
import { createRunner } from '@reberth/agent/runner/runner.ts';
import { sha256 } from '@reberth/protocol/canonical.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import test, { type ExecutionContext } from 'ava';
import { askTo, quiet } from '../runner/fakes.ts';

const BEFORE = '[all:vars]\nMASTER_IP="192.0.2.39"\n';
const AFTER = '[all:vars]\nMASTER_IP="192.0.2.40"\n';
const HEARTBEAT_MS = 200;

interface Host {
  readonly config: string;
  readonly state: string;
  readonly file: string;
  readonly said: string[];
  revert(): Promise<number>;
}

/** A step was done here in an earlier start of the host, and never confirmed. */
async function armedHost(t: ExecutionContext): Promise<Host> {
  const folder = mkdtempSync(join(tmpdir(), 'reberth-revert-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const [config, state, file] = ['agent.json', 'state', 'hosts'].map((name) => join(folder, name)) as [string, string, string];
  const servers = ['192.0.2.41:4222'];
  writeFileSync(config, JSON.stringify({ cluster: 'c', host: '192.0.2.44', servers, stateFolder: state, heartbeatMs: HEARTBEAT_MS }));
  writeFileSync(file, BEFORE);
  const journal = await openJournal(await fileStorage(state), quiet);
  const runner = createRunner({ self: hostId('192.0.2.44'), host: linuxHost(), journal, deadlines: createMemoryDeadlines(), actionFor, log: quiet });
  const report = await runner.perform(
    askTo('do', {
      kind: 'inventory-variables',
      params: { file, section: 'all:vars', set: [{ name: 'MASTER_IP', from: '192.0.2.39', to: '192.0.2.40' }] },
      expect: [{ path: file, before: sha256(BEFORE), after: sha256(AFTER) }],
      confirmWithinMs: 60_000,
    }),
  );
  t.is(report.outcome, 'done', report.why);
  const said: string[] = [];
  const terminal = { line: (text: string) => void said.push(text), problem: (text: string) => void said.push(text) };
  return { config, state, file, said, revert: () => revert({ config }, terminal) };
}

/** Another program with the lock in its hand. `body` may use `lock` and `sign()`. */
async function holder(t: ExecutionContext, state: string, body: string): Promise<ChildProcess> {
  const [lockModule, storageModule] = ['lock', 'file-storage'].map(
    (name) => new URL(import.meta.resolve(`@reberth/agent/host/linux/${name}.ts`)).pathname,
  );
  const script = `
    import { lockState } from ${JSON.stringify(lockModule)};
    import { touchState } from ${JSON.stringify(storageModule)};
    const sign = () => touchState(${JSON.stringify(state)});
    const lock = await lockState(${JSON.stringify(state)});
    setInterval(() => {}, 1000);
    ${body}
    console.log('held');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child;
}

test('what was not confirmed in time is taken back from the journal alone, and the second look finds nothing to do', async (t) => {
  const host = await armedHost(t);
  t.is(readFileSync(host.file, 'utf8'), AFTER);
  t.is(await host.revert(), 0);
  t.is(readFileSync(host.file, 'utf8'), BEFORE);
  const [entry] = readJournal(await readJournalFile(host.state)).ledger.values();
  t.like(entry, { standing: 'undone', undoReport: { outcome: 'undone', left: 'before' } });
  host.said.length = 0;
  t.is(await host.revert(), 0);
  t.deepEqual(host.said, []);
});

test('status shows what is armed, with the time left, until it is taken back', async (t) => {
  const host = await armedHost(t);
  const terminal = { line: (text: string) => void host.said.push(text), problem: t.fail };
  await status({ config: host.config, json: true }, terminal);
  t.like(JSON.parse(host.said[0] ?? ''), { running: false, entries: [{ step: 'switch/app', standing: 'done', unconfirmed: { leftMs: 0 } }] });
  await status({ config: host.config, json: false }, terminal);
  t.regex(host.said.slice(1).join('\n'), /armed: not confirmed in time, to be taken back now/);
  await host.revert();
  host.said.length = 0;
  await status({ config: host.config, json: false }, terminal);
  t.notRegex(host.said.join('\n'), /armed/);
});

test('what somebody edited is left alone, and the program fails so that it is started again', async (t) => {
  const host = await armedHost(t);
  writeFileSync(host.file, 'edited by hand\n');
  t.is(await host.revert(), 1);
  t.is(readFileSync(host.file, 'utf8'), 'edited by hand\n');
});

test('an agent that is stopped with the lock in its hand is ended, and the step taken back', async (t) => {
  const host = await armedHost(t);
  const agent = await holder(t, host.state, 'await sign();');
  agent.kill('SIGSTOP');
  const ended = once(agent, 'exit');
  t.is(await host.revert(), 0);
  t.deepEqual(await ended, [null, 'SIGKILL']);
  t.is(readFileSync(host.file, 'utf8'), BEFORE);
  t.regex(host.said.join('\n'), new RegExp(`process ${agent.pid} holds .* no sign of life: ending it`));
});

test('an agent that lives is left to do it, and never ended', async (t) => {
  const host = await armedHost(t);
  // Longer than the patience with one that gives no sign.
  const agent = await holder(t, host.state, `await sign(); setInterval(sign, 50); setTimeout(() => lock.release(), ${6 * HEARTBEAT_MS + 2_000});`);
  t.is(await host.revert(), 0);
  t.is(agent.exitCode, null);
  t.is(agent.signalCode, null);
  t.is(readFileSync(host.file, 'utf8'), BEFORE);
});
