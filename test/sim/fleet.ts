/**
 * Fleets and the plans that move them: masters one at a time, nodes after a canary, a request that must be signed, an address that must be
 * confirmed, a program that reads kubeconfigs and one that is only started again.
 */
import { createMemoryHost, type MemoryHost, type World } from '@reberth/agent/host/memory/memory-host.ts';
import { sha256 } from '@reberth/protocol/canonical.ts';
import { hostId, stepId } from '@reberth/protocol/ids.ts';
import type { GateUse, Plan, Stage, Step, Wave } from '@reberth/protocol/plan.ts';
import { gate, plan, stage, step, wave } from '../support/plan.ts';
import { ADDRESS_UNIT, NEW_ADDRESS } from './actions.ts';
import { START_MS } from './scheduler.ts';

export interface FleetOptions {
  readonly masters: number;
  readonly nodes: number;
  /** Of each stage when a step fails. */
  readonly onFailure: readonly Stage['onFailure'][];
  readonly onGiveUp: GateUse['onGiveUp'];
  readonly holdForMs: number;
}

export interface Fleet {
  readonly plan: Plan;
  readonly hosts: readonly string[];
  readonly masters: readonly string[];
  newHost(): MemoryHost;
}

export const FILES = ['/etc/app/admin.conf', '/etc/app/app.conf'] as const;
export const FROM = 'https://192.0.2.39:8443';
export const TO = 'https://192.0.2.40:8443';
export const APP = 'app.service';
export const CACHE = 'cache.service';
export const KEY = '/etc/app/key.new';
export const CERTIFICATE = '/etc/app/certificate';
export const ADDRESS_FILE = '/etc/app/address.conf';
const HEALTH = 'http://127.0.0.1:10248/healthz';

const kubeconfig = (url: string): string =>
  `apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n    server: ${url}\ncontexts:\n- name: x\n  context:\n    cluster: c\ncurrent-context: x\n`;

export function createFleet(options: FleetOptions): Fleet {
  const masters = names('m', options.masters);
  const nodes = names('n', options.nodes);
  const [canary, ...others] = nodes;
  const batches = Array.from({ length: Math.ceil(others.length / 2) }, (_, index) => others.slice(2 * index, 2 * index + 2));
  const stages: readonly (readonly [string, readonly (readonly Step[])[]])[] = [
    ['certificates', masters.map((host) => [request(host), install(host)])],
    ['address', masters.slice(0, 2).map((host) => [address(host)])],
    [
      'switch',
      [...(canary === undefined ? [] : [[canary]]), ...batches, ...masters.map((host) => [host])].map((hosts) =>
        hosts.flatMap((host) => [point(host), restart(host)]),
      ),
    ],
  ];
  return {
    hosts: [...masters, ...nodes],
    masters,
    newHost,
    plan: plan(stages.map(([id, waves], index) => stageOf(options, id, waves, options.onFailure[index] ?? 'undo-all'))),
  };
}

const names = (letter: string, count: number): readonly string[] => Array.from({ length: count }, (_, index) => `${letter}${index + 1}`);

function stageOf(options: FleetOptions, id: string, waves: readonly (readonly Step[])[], onFailure: Stage['onFailure']): Stage {
  const look = (key: string): GateUse => {
    const times = { everyMs: 1_000, holdForMs: options.holdForMs, giveUpAfterMs: 30_000 };
    return gate('sim', { title: `healthy at ${key}`, params: { at: key }, onGiveUp: options.onGiveUp, ...times });
  };
  const waveOf = (steps: readonly Step[], index: number): Wave =>
    wave(`wave ${index}`, steps, { exit: [look(`${id}/${index}/exit/0`)], back: [look(`${id}/${index}/back/0`)] });
  return stage(id, waves.map(waveOf), { onFailure, enter: [look(`${id}/enter/0`)], exit: [look(`${id}/exit/0`)], promises: [] });
}

const request = (host: string): Step =>
  step(`${host}/request`, {
    host: hostId(host),
    kind: 'sim-file',
    params: { path: KEY, to: `key of ${host}`, asks: true },
    expect: [{ path: KEY, before: 'absent', after: 'made-on-host' }],
  });

const install = (host: string): Step =>
  step(`${host}/install`, {
    host: hostId(host),
    kind: 'sim-file',
    params: { path: CERTIFICATE, to: '', input: 'certificate' },
    inputs: [{ name: 'certificate', from: stepId(`${host}/request`), signedAs: 'serving-certificate' }],
    expect: [{ path: CERTIFICATE, before: sha256('old'), after: 'made-on-host' }],
  });

const address = (host: string): Step =>
  step(`${host}/address`, {
    host: hostId(host),
    kind: 'sim-address',
    risk: 'connectivity',
    confirmWithinMs: 60_000,
    params: { path: ADDRESS_FILE, to: 'new' },
    expect: [{ path: ADDRESS_FILE, before: sha256('old'), after: sha256('new') }],
  });

const point = (host: string): Step =>
  step(`${host}/point`, {
    host: hostId(host),
    kind: 'kubeconfig-server',
    risk: 'service',
    params: { files: [...FILES], from: FROM, to: TO, reader: { unit: APP, health: { url: HEALTH, withinMs: 5_000 } } },
    expect: FILES.map((path) => ({ path, before: sha256(kubeconfig(FROM)), after: sha256(kubeconfig(TO)) })),
  });

const restart = (host: string): Step =>
  step(`${host}/restart`, { host: hostId(host), kind: 'unit-restarted', risk: 'service', params: { unit: CACHE } });

function newHost(): MemoryHost {
  const holdAddress = (world: World): void => world.hold('eth0', world.read(ADDRESS_FILE) === 'new' ? [NEW_ADDRESS] : []);
  return createMemoryHost({
    nowMs: START_MS,
    files: { [FILES[0]]: kubeconfig(FROM), [FILES[1]]: kubeconfig(FROM), [CERTIFICATE]: { text: 'old', mode: 0o600 }, [ADDRESS_FILE]: 'old' },
    units: {
      [APP]: {
        start(world) {
          for (const path of FILES) world.read(path);
          world.answerHttp(HEALTH, 200);
        },
      },
      [CACHE]: { start: (world) => void world.read(FILES[0]) },
      [ADDRESS_UNIT]: { canReload: true, start: holdAddress },
    },
  });
}

/** Where a host stands with regard to one step, by looking at the host alone. */
export function reality(host: MemoryHost, { id, kind }: Step): 'before' | 'after' | 'mixture' | 'no trace' {
  const { files, units, addresses } = host.snapshot();
  const text = (path: string): string => files[path]?.content ?? '(absent)';
  const all = (values: readonly string[], before: string, after: (value: string) => boolean) =>
    values.every((value) => value === before) ? 'before' : values.every(after) ? 'after' : 'mixture';
  switch (kind) {
    case 'kubeconfig-server': {
      const loaded = units[APP]?.active === 'active' ? Object.values(units[APP].loaded) : ['down'];
      return all([...FILES.map(text), ...loaded], kubeconfig(FROM), (value) => value === kubeconfig(TO));
    }
    case 'sim-address':
      return all([text(ADDRESS_FILE), addresses.some((held) => held.endsWith(NEW_ADDRESS)) ? 'new' : 'old'], 'old', (value) => value === 'new');
    case 'sim-file':
      return id.endsWith('/request')
        ? all([text(KEY)], '(absent)', (value) => value.startsWith('key of'))
        : all([text(CERTIFICATE)], 'old', (value) => value.startsWith('signed'));
    default:
      return 'no trace';
  }
}
