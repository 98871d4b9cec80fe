/** What the lab tests ask of the cluster: `reberth` and `kubectl` on the deploy host, and every managed file with its bytes, mode and owner. */
import type { RolloutEvent } from '@reberth/protocol/event.ts';
import type { RolloutReport } from '@reberth/protocol/rollout-report.ts';
import type { Lab } from '../../../lab/src/index.ts';

export const OLD = '192.0.2.39';
export const NEW = '192.0.2.40';
export const PORT = 8443;
export const HOSTS = ['.41', '.42', '.43', '.44', '.45'] as const;
/** Everything in which a move may change or leave anything. */
const MANAGED = ['/etc/kubernetes', '/etc/keepalived', '/etc/haproxy', '/etc/ansible', '/etc/etcd', '/etc/systemd/system', '/root/.kube', '/etc/cni'];

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Cluster {
  readonly lab: Lab;
  reberth(...args: readonly string[]): Promise<Outcome>;
  /** Makes a plan to the address and keeps it on the deploy host. */
  plan(to: string, ...more: readonly string[]): Promise<Outcome>;
  /** Applies the last plan and hands over each event as it comes. */
  apply(
    onEvent?: (event: RolloutEvent) => void,
    ...more: readonly string[]
  ): Promise<{ readonly code: number; readonly events: readonly RolloutEvent[]; readonly stderr: string }>;
  report(): Promise<RolloutReport>;
  /** `host path` → mode, owner, group and hash, over all managed files of all hosts. What kubectl remembers of the API is no such file. */
  files(): Promise<ReadonlyMap<string, string>>;
  /** Node UIDs and podCIDRs, pod UIDs and restart counts. */
  workloads(): Promise<Workloads>;
  /** Managed files that hold the text, as `host path`. */
  holding(text: string): Promise<readonly string[]>;
  /** Established connections of host programs to `address:port`, Reberth's own left out. */
  talkingTo(socket: string): Promise<readonly string[]>;
}

export interface Workloads {
  readonly nodes: readonly string[];
  readonly pods: readonly string[];
}

export function clusterOf(lab: Lab): Cluster {
  const must = async (host: string, argv: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await lab.exec(host, argv);
    if (code !== 0) throw new Error(`cannot run ${argv.join(' ')} on ${host}: exit code ${code}: ${stderr}`);
    return stdout;
  };
  const reberth = (...args: readonly string[]): Promise<Outcome> => lab.exec('.41', ['/usr/local/bin/reberth', ...args]);
  return {
    lab,
    reberth,
    plan: (to, ...more) => reberth('plan', '--to', to, '--out', '/root/plan.json', ...more),
    async apply(onEvent = () => undefined, ...more) {
      const events: RolloutEvent[] = [];
      const { code, stderr } = await lab.exec('.41', ['/usr/local/bin/reberth', 'apply', '/root/plan.json', '--yes', '--json', ...more], {
        onLine(line) {
          if (!line.startsWith('{')) return;
          const event = JSON.parse(line) as RolloutEvent;
          if (event.body === undefined) return;
          events.push(event);
          onEvent(event);
        },
      });
      return { code, events, stderr };
    },
    report: async () => JSON.parse((await reberth('report', '--format', 'json')).stdout),
    async files() {
      const found = new Map<string, string>();
      for (const host of HOSTS) {
        const present = (
          await must(host, [
            '/bin/sh',
            '-c',
            `for d in ${MANAGED.join(' ')}; do [ -e $d ] && find $d -type f -not -path '/root/.kube/cache/*'; done; true`,
          ])
        )
          .split('\n')
          .filter((path) => path !== '');
        const described = await must(host, ['/usr/bin/stat', '--format=%n\t%a %u %g', '--', ...present]);
        const modes = new Map(
          described
            .trimEnd()
            .split('\n')
            .map((line) => line.split('\t') as [string, string]),
        );
        const hashes = await must(host, ['/usr/bin/sha256sum', '--', ...present]);
        for (const line of hashes.trimEnd().split('\n')) {
          const [hash = '', path = ''] = line.split(/\s+/);
          found.set(`${host} ${path}`, `${modes.get(path)} ${hash}`);
        }
      }
      return found;
    },
    async workloads() {
      const nodes = JSON.parse(await must('.41', ['/usr/local/bin/kubectl', 'get', 'nodes', '-o', 'json']));
      const pods = JSON.parse(await must('.41', ['/usr/local/bin/kubectl', 'get', 'pods', '-A', '-o', 'json']));
      type Item = { metadata: { name: string; uid: string }; spec: { podCIDR?: string }; status: { containerStatuses?: { restartCount: number }[] } };
      return {
        nodes: (nodes.items as Item[]).map(({ metadata, spec }) => `${metadata.name} ${metadata.uid} ${spec.podCIDR}`).sort(),
        pods: (pods.items as Item[])
          .map(
            ({ metadata, status }) =>
              `${metadata.name} ${metadata.uid} restarts ${(status.containerStatuses ?? []).map(({ restartCount }) => restartCount).join(',')}`,
          )
          .sort(),
      };
    },
    async holding(text) {
      const found: string[] = [];
      for (const host of HOSTS) {
        const { stdout } = await lab.exec(host, ['/bin/grep', '-rlwF', '--', text, ...MANAGED]);
        found.push(
          ...stdout
            .split('\n')
            .filter((path) => path !== '')
            .map((path) => `${host} ${path}`),
        );
      }
      return found;
    },
    async talkingTo(socket) {
      const found: string[] = [];
      for (const host of HOSTS) {
        const rows = (await must(host, ['/usr/bin/ss', '-Htnp', 'state', 'established'])).split('\n');
        found.push(
          ...rows.filter((row) => row.split(/\s+/).includes(socket) && !/reberth|MainThread|"node"/.test(row)).map((row) => `${host} ${row}`),
        );
      }
      return found;
    },
  };
}
