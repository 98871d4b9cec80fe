/**
 * One host: a booted Debian in its own namespaces, with its disk in a folder. It can lose power and come back with what it had written.
 * Commands run in it belong to it: they end when its power does.
 */
import { type ChildProcess, spawn as spawnProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, open, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { doorsOf, dropGroup, firstProcessOf, killDoorOf, killGroup, makeGroup } from './cgroups.ts';
import { GATEWAY, type HostPlan, PREFIX_LENGTH } from './hosts.ts';
import { BRIDGE, dropPort, inNetwork } from './network.ts';
import { type HostPlace, hostPlaceOf, type Place } from './place.ts';
import { must, type Outcome, type RunOptions, run } from './run.ts';
import { until } from './until.ts';

const ENTER = fileURLToPath(new URL('../files/enter', import.meta.url));
const RUN_HOST = fileURLToPath(new URL('../files/run-host', import.meta.url));
const SEARCH_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** What `spawn` answers: `stop` signals the command and all it started. */
export interface Running {
  readonly child: ChildProcess;
  stop(signal?: NodeJS.Signals): void;
}

export interface Boot {
  readonly baseImage: string;
  /** Programs of this machine shown in the host: path there → path here. */
  readonly programs: Readonly<Record<string, string>>;
}

export class Host {
  readonly plan: HostPlan;
  readonly place: HostPlace;
  readonly #lab: Place;

  constructor(lab: Place, plan: HostPlan) {
    this.plan = plan;
    this.place = hostPlaceOf(lab, plan);
    this.#lab = lab;
  }

  /** Process id of the host's PID 1 on this machine; undefined when it is off. */
  pid(): Promise<number | undefined> {
    return firstProcessOf(this.place.cgroup);
  }

  /** Mounts the disk, furnished with name and address when it is new. */
  async prepare(baseImage: string): Promise<void> {
    const { disk, work, root, containerd, kubelet } = this.place;
    for (const folder of [disk, work, root, containerd, kubelet]) await mkdir(folder, { recursive: true });
    if ((await run(['/usr/bin/mountpoint', '-q', root])).code !== 0) {
      await must(['/usr/bin/mount', '-t', 'overlay', 'overlay', '-o', `lowerdir=${baseImage},upperdir=${disk},workdir=${work}`, root]);
    }
    if (existsSync(join(root, 'etc/lab-net/address'))) return;
    await this.lay('/etc/hostname', `${this.plan.hostname}\n`);
    await this.lay('/etc/hosts', `127.0.0.1 localhost\n${this.plan.address} ${this.plan.hostname}\n`);
    await this.lay('/etc/lab-net/address', `ADDRESS=${this.plan.address}/${PREFIX_LENGTH}\nGATEWAY=${GATEWAY}\n`);
  }

  /** Starts the host and comes back once systemd is there to talk to. */
  async powerOn(boot: Boot): Promise<void> {
    if ((await this.pid()) !== undefined) return;
    await this.prepare(boot.baseImage);
    await makeGroup(this.place.cgroup);
    await makeGroup(`${this.#lab.cgroup}/keepers`);
    await dropPort(this.#lab.networkNamespace, this.place.port);
    const log = await open(this.place.consoleLog, 'a');
    const keepers = doorsOf(`${this.#lab.cgroup}/keepers`);
    const argv = [
      ...keepers,
      '--',
      RUN_HOST,
      ENTER,
      ...doorsOf(this.place.cgroup),
      '--',
      ...inNetwork(this.#lab.networkNamespace, this.#nspawn(boot)),
    ];
    spawnProcess(ENTER, argv, { detached: true, stdio: ['ignore', log.fd, log.fd], cwd: '/' }).unref();
    await log.close();
    await until(`${this.plan.address} started (${this.place.consoleLog} tells more)`, async () => (await this.pid()) !== undefined || 'no PID 1 yet');
  }

  /** Waits until systemd has started all that it wants to. A failed unit is the caller's concern. */
  async booted(): Promise<void> {
    await until(`${this.plan.address} booted`, async () => {
      const state = (await this.exec(['/usr/bin/systemctl', 'is-system-running'])).stdout.trim();
      return state === 'running' || state === 'degraded' || `systemd says ${state || 'nothing'}`;
    });
  }

  /** Takes the power away: everything in the host ends at one instant. Its disk stays. */
  async powerOff(): Promise<void> {
    await killGroup(this.place.cgroup);
    await dropPort(this.#lab.networkNamespace, this.place.port);
    await dropGroup(this.place.cgroup);
  }

  /** Unmounts the disk of a host that is off, and removes what nspawn left of it on this machine. */
  async forget(): Promise<void> {
    const { root, machine } = this.place;
    const left = ['propagate', 'unix-export'].map((name) => `/run/systemd/nspawn/${name}/${machine}`);
    if ((await run(['/usr/bin/mountpoint', '-q', root])).code === 0) {
      const { dev, ino } = await stat(root);
      left.push(`/run/systemd/nspawn/locks/inode-${dev}:${ino}`);
      await must(['/usr/bin/umount', root]);
    }
    for (const path of left) await rm(path, { recursive: true, force: true });
  }

  async exec(argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const inside = await this.#inside(argv);
    return inside === undefined
      ? { code: 125, stdout: '', stderr: `cannot run ${argv[0]} on ${this.plan.address}: it is powered off\n` }
      : run(inside, options);
  }

  /** Like `exec`, and fails when the command does. */
  async must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.exec(argv, options);
    if (code !== 0)
      throw new Error(`cannot run ${argv.join(' ')} on ${this.plan.address}: exit code ${code}: ${(stderr || stdout).trim().slice(-2000)}`);
    return stdout;
  }

  async spawn(argv: readonly string[], stdio: 'inherit' | 'pipe' = 'pipe'): Promise<Running> {
    const [program = '', ...args] = (await this.#inside(argv)) ?? [];
    if (program === '') throw new Error(`cannot run ${argv[0]} on ${this.plan.address}: it is powered off`);
    // A group of its own, because nsenter keeps signals to itself; on a terminal the terminal signals all.
    const child = spawnProcess(program, args, { stdio, detached: stdio === 'pipe' });
    const stop = (signal: NodeJS.Signals = 'SIGTERM') => {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      process.kill(stdio === 'pipe' ? -child.pid : child.pid, signal);
    };
    return { child, stop };
  }

  /** Writes a file on the disk, parents included, whether the host is on or off. For paths without links in them. */
  async lay(path: string, content: string | Buffer, mode = 0o644): Promise<void> {
    const file = join(this.place.root, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content, { mode });
    await chmod(file, mode);
  }

  /** argv that runs a command in the host, as a member of its cgroup. */
  async #inside(argv: readonly string[]): Promise<readonly string[] | undefined> {
    const pid = await this.pid();
    if (pid === undefined) return undefined;
    const group = `${this.place.cgroup}/visitors`;
    await mkdir(dirname(killDoorOf(group)), { recursive: true });
    const environment = [`PATH=${SEARCH_PATH}`, 'HOME=/root', 'LANG=C.UTF-8', `TERM=${process.env['TERM'] ?? 'dumb'}`];
    return [
      ENTER,
      killDoorOf(group),
      '--',
      '/usr/bin/nsenter',
      '-t',
      String(pid),
      '-a',
      '--',
      '/usr/bin/env',
      '-i',
      '-C',
      '/root',
      ...environment,
      ...argv,
    ];
  }

  #nspawn({ programs }: Boot): readonly string[] {
    const { root, machine, containerd, kubelet } = this.place;
    return [
      ...['/usr/bin/systemd-nspawn', '--quiet', '--settings=no', '--directory', root, `--machine=${machine}`, `--hostname=${this.plan.hostname}`],
      // No machined and no systemd out here, or none that should know.
      ...['--register=no', '--keep-unit', '--private-users=no', '--capability=all', '--kill-signal=SIGRTMIN+3', '--console=pipe'],
      // What runc asks for beyond nspawn's own list.
      '--system-call-filter=add_key keyctl bpf perf_event_open',
      ...[`--network-bridge=${BRIDGE}`, '--resolv-conf=off', '--timezone=off', '--link-journal=no', '--bind=/dev/kmsg'],
      ...[`--bind=${containerd}:/var/lib/containerd`, `--bind=${kubelet}:/var/lib/kubelet`],
      ...Object.entries(programs).map(([there, here]) => `--bind-ro=${here}:${there}`),
      '/usr/local/sbin/lab-init',
    ];
  }
}
