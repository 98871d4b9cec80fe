/**
 * Memory of an agent at rest: the installed program, connected to a real broker, against a bare Node process of the same binary. Several of
 * each, side by side, looked at once when all have been left alone for a while.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { until } from '../test/integration/support.ts';
import { type Cleanup, withCleanup } from './lib/cleanup.ts';
import { folderOnDisk } from './lib/folder.ts';
import { raiseGround } from './lib/ground.ts';
import { median } from './lib/measure.ts';
import { type Result, row } from './lib/result.ts';

const PAIRS = 5;
const IDLE_MS = 60_000;
const LIMIT = 1.6;
const NODE = fileURLToPath(new URL('../dist/reberth/bin/node', import.meta.url));
const AGENT = fileURLToPath(new URL('../dist/reberth/lib/agent.cjs', import.meta.url));
const UNIT = new URL('../deploy/systemd/reberth-agent.service', import.meta.url);

interface Memory {
  readonly residentMiB: number;
  readonly proportionalMiB: number;
}

export async function agentMemory(): Promise<Result> {
  if (!existsSync(AGENT)) throw new Error('cannot measure the agent: it is not built; npm run build');
  return withCleanup(async (cleanup) => {
    const ground = await raiseGround(
      cleanup,
      await folderOnDisk(cleanup),
      Array.from({ length: PAIRS }, (_, at) => `192.0.2.${at + 1}`),
    );
    const heard = new Set<string>();
    ground.wire.onHeartbeat(({ host }) => heard.add(host));
    const [agents, bare]: [ChildProcess[], ChildProcess[]] = [[], []];
    const { flags, environment } = await asInstalled();
    for (const host of ground.hosts) {
      agents.push(start(cleanup, [...flags, AGENT, 'serve', '--config', await ground.configFile(host)], environment));
      bare.push(start(cleanup, ['-e', 'setInterval(() => {}, 1e3)']));
    }
    await until('all agents are heard', () => heard.size === PAIRS, 60_000);
    await sleep(IDLE_MS);
    const ours = await Promise.all(agents.map(memoryOf));
    const theirs = await Promise.all(bare.map(memoryOf));
    const pair = (what: string, of: (memory: Memory) => number, limit?: number) =>
      row(what, 'MiB', median(ours.map(of)), { what: 'bare Node', measured: median(theirs.map(of)) }, limit);
    return {
      name: 'agent-memory',
      compares: 'an agent at rest, connected, against `node -e "setInterval(() => {}, 1e3)"` of the same binary',
      runs: `${PAIRS} of each side by side, medians, after ${IDLE_MS / 1000} s at rest`,
      rows: [pair('resident (RSS)', (memory) => memory.residentMiB, LIMIT), pair('proportional (PSS)', (memory) => memory.proportionalMiB)],
      notes: [
        `As in the unit file: ${[...flags, ...Object.entries(environment).map((pair) => pair.join('='))].join(' ') || 'no flags'}. PSS shares out the pages of the Node binary among all that run it here.`,
      ],
    };
  });
}

/** Flags of Node and settings of malloc, from the unit file: measured is what runs on a host. */
async function asInstalled(): Promise<{ readonly flags: readonly string[]; readonly environment: Readonly<Record<string, string>> }> {
  const unit = await readFile(UNIT, 'utf8');
  const words = (name: string): readonly string[] =>
    [...unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))].flatMap(([, value = '']) => value.split(' '));
  return {
    flags: words('ExecStart').filter((word) => word.startsWith('--')),
    environment: Object.fromEntries(words('Environment').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)])),
  };
}

function start(cleanup: Cleanup, args: readonly string[], environment: Readonly<Record<string, string>> = {}): ChildProcess {
  const child = spawn(NODE, args, { stdio: 'ignore', env: { PATH: process.env['PATH'], ...environment } });
  const exited = once(child, 'exit');
  cleanup.add(() => {
    child.kill();
    return exited;
  });
  return child;
}

async function memoryOf({ pid, exitCode }: ChildProcess): Promise<Memory> {
  if (pid === undefined || exitCode !== null) throw new Error('cannot measure: a process has ended');
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mebibytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) / 1024;
  return { residentMiB: mebibytes('Rss'), proportionalMiB: mebibytes('Pss') };
}
