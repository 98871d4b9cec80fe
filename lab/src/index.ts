/**
 * A lab as functions, for tests and for the command line alike. Opening one touches nothing; `up` raises what is not there yet.
 */
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureKubernetes } from '../../scripts/kubernetes.mjs';
import { ensureBaseImage } from './base-image.ts';
import { dropGroup } from './cgroups.ts';
import { BIN } from './cluster/layout.ts';
import { type Raising, STEPS, serving } from './cluster/raise.ts';
import type { Flavour } from './flavour.ts';
import { type Boot, Host, type Running } from './host.ts';
import { findHost, HOSTS, type HostPlan } from './hosts.ts';
import { installReberth, presentBuild } from './install-reberth.ts';
import { makeRoom, missingOfMachine } from './machine.ts';
import { cut, dropNetwork, heal, makeNetwork } from './network.ts';
import { type Place, placeOf } from './place.ts';
import { type Progress, silent } from './progress.ts';
import type { Outcome, RunOptions } from './run.ts';
import { type LabStatus, statusOf } from './status.ts';

export interface LabOptions {
  readonly name?: string;
  /** Of a lab that is not there yet; one that is keeps its own. */
  readonly flavour?: Flavour;
}

/** A host is named by its address, by `.41`, or as `client`. */
export interface Lab {
  readonly name: string;
  readonly folder: string;
  readonly hosts: readonly HostPlan[];
  up(progress?: Progress): Promise<void>;
  down(progress?: Progress): Promise<void>;
  status(): Promise<LabStatus>;
  exec(host: string, argv: readonly string[], options?: RunOptions): Promise<Outcome>;
  spawn(host: string, argv: readonly string[], stdio?: 'inherit' | 'pipe'): Promise<Running>;
  /** Process id of the host's PID 1 on this machine. */
  pidOf(host: string): Promise<number | undefined>;
  readFile(host: string, path: string): Promise<Buffer>;
  writeFile(host: string, path: string, content: string | Buffer, mode?: number): Promise<void>;
  /** Takes the power away, as a pulled plug does. */
  powerOff(host: string): Promise<void>;
  powerOn(host: string): Promise<void>;
  /** Cuts two hosts off from each other, or only the way from the first to the second. */
  partition(a: string, b: string, options?: { readonly oneWay?: boolean }): Promise<void>;
  heal(): Promise<void>;
  /** Puts the present build of Reberth on the hosts. */
  refresh(progress?: Progress): Promise<void>;
}

/** What a lab remembers: how its hosts boot and which steps are behind it. */
interface Memory {
  readonly flavour: Flavour;
  readonly baseImage: string;
  readonly kubernetes: string;
  readonly done: readonly string[];
  /** The build of Reberth that the hosts have. */
  readonly reberth?: string | undefined;
}

const PROGRAMS = {
  master: ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'],
  node: ['kubelet', 'kube-proxy'],
  everywhere: ['kubectl'],
} as const;

export function openLab(options: LabOptions = {}): Lab {
  return new NspawnLab(placeOf(options.name ?? 'default'), options.flavour);
}

class NspawnLab implements Lab {
  readonly hosts = HOSTS;
  readonly #place: Place;
  readonly #flavour: Flavour | undefined;
  readonly #hosts: ReadonlyMap<HostPlan, Host>;

  constructor(place: Place, flavour: Flavour | undefined) {
    this.#place = place;
    this.#flavour = flavour;
    this.#hosts = new Map(HOSTS.map((plan) => [plan, new Host(place, plan)]));
  }

  get name(): string {
    return this.#place.name;
  }

  get folder(): string {
    return this.#place.folder;
  }

  async up(progress: Progress = silent): Promise<void> {
    const missing = missingOfMachine();
    if (missing.length > 0) throw new Error(`cannot raise a lab: ${missing.join(', ')}`);
    await makeRoom();
    let memory = await this.#begin(progress);
    await makeNetwork(this.#place.networkNamespace);
    await this.#powerOnAll(memory, progress);
    const raising: Raising = { place: this.#place, flavour: memory.flavour, baseImage: memory.baseImage, host: (plan) => this.#host(plan) };
    for (const { name, title, run } of STEPS.filter(({ name }) => !memory.done.includes(name))) {
      await progress.step(title, (note) => run(raising, note));
      memory = { ...memory, done: [...memory.done, name] };
      await this.#remember(memory);
    }
    await progress.step('see the whole cluster serve', (note) => serving(raising, note));
    await this.#installReberth(memory, progress);
  }

  async down(progress: Progress = silent): Promise<void> {
    await progress.step(`take lab ${this.name} down`, async () => {
      for (const host of this.#hosts.values()) await host.powerOff();
      for (const host of this.#hosts.values()) await host.forget();
      await dropGroup(this.#place.cgroup);
      await dropNetwork(this.#place.networkNamespace);
      await rm(this.#place.folder, { recursive: true, force: true });
    });
  }

  async status(): Promise<LabStatus> {
    const memory = await this.#recall();
    return statusOf({ place: this.#place, flavour: memory?.flavour, done: memory?.done ?? [], hosts: [...this.#hosts.values()] });
  }

  async exec(host: string, argv: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.#host(findHost(host)).exec(argv, options);
  }

  async spawn(host: string, argv: readonly string[], stdio: 'inherit' | 'pipe' = 'pipe'): Promise<Running> {
    return this.#host(findHost(host)).spawn(argv, stdio);
  }

  async pidOf(host: string): Promise<number | undefined> {
    return this.#host(findHost(host)).pid();
  }

  async readFile(host: string, path: string): Promise<Buffer> {
    // As base64, because a command's output is text.
    return Buffer.from(await this.#host(findHost(host)).must(['/usr/bin/base64', '--', path]), 'base64');
  }

  async writeFile(host: string, path: string, content: string | Buffer, mode = 0o644): Promise<void> {
    // Not from /dev/stdin, which is a socket here and cannot be opened again.
    await this.#host(findHost(host)).must(['/usr/bin/install', '-D', '-m', mode.toString(8), '/dev/null', path]);
    await this.#host(findHost(host)).must(['/usr/bin/dd', `of=${path}`, 'status=none'], { input: content });
  }

  async powerOff(host: string): Promise<void> {
    await this.#host(findHost(host)).powerOff();
  }

  async powerOn(host: string): Promise<void> {
    const memory = await this.#recall();
    if (memory === undefined) throw new Error(`cannot power on ${host}: lab ${this.name} is not up`);
    const plan = findHost(host);
    await this.#host(plan).powerOn(bootOf(plan, memory));
    await this.#host(plan).booted();
  }

  async partition(a: string, b: string, { oneWay = false }: { readonly oneWay?: boolean } = {}): Promise<void> {
    const [from, to] = [this.#host(findHost(a)).place.port, this.#host(findHost(b)).place.port];
    await cut(this.#place.networkNamespace, from, to);
    if (!oneWay) await cut(this.#place.networkNamespace, to, from);
  }

  async heal(): Promise<void> {
    await heal(this.#place.networkNamespace);
  }

  async refresh(progress: Progress = silent): Promise<void> {
    const memory = await this.#recall();
    if (memory === undefined) throw new Error(`cannot put Reberth on the hosts: lab ${this.name} is not up`);
    await this.#installReberth({ ...memory, reberth: undefined }, progress);
  }

  /** Nothing to do when the present build is what the hosts have. */
  async #installReberth(memory: Memory, progress: Progress): Promise<void> {
    const build = await presentBuild();
    if (build === undefined) return progress.note('Reberth is not installed: there is no build in dist/reberth');
    if (build === memory.reberth) return;
    await installReberth((plan) => this.#host(plan), progress);
    await this.#remember({ ...memory, reberth: build });
  }

  #host(plan: HostPlan): Host {
    const host = this.#hosts.get(plan);
    if (host === undefined) throw new Error(`internal error: ${plan.address} is no host of the lab`);
    return host;
  }

  /** What the lab remembers; a new one gets its base image and its programs first. */
  async #begin(progress: Progress): Promise<Memory> {
    const known = await this.#recall();
    if (known !== undefined) {
      if (this.#flavour === undefined || this.#flavour === known.flavour) return known;
      throw new Error(`cannot raise lab ${this.name} with flavour ${this.#flavour}: it is there with ${known.flavour}; take it down first`);
    }
    const flavour = this.#flavour ?? 'current';
    const baseImage = await ensureBaseImage(progress);
    const kubernetes = await progress.step(`have Kubernetes (${flavour})`, (note) => ensureKubernetes(flavour, note));
    const memory: Memory = { flavour, baseImage, kubernetes, done: [] };
    await this.#remember(memory);
    return memory;
  }

  async #powerOnAll(memory: Memory, progress: Progress): Promise<void> {
    const off: Host[] = [];
    for (const host of this.#hosts.values()) if ((await host.pid()) === undefined) off.push(host);
    if (off.length === 0) return;
    await progress.step(`boot ${off.map(({ plan }) => plan.address).join(', ')}`, async () => {
      await Promise.all(off.map((host) => host.powerOn(bootOf(host.plan, memory))));
      await Promise.all(off.map((host) => host.booted()));
    });
  }

  get #memoryFile(): string {
    return join(this.#place.folder, 'lab.json');
  }

  async #recall(): Promise<Memory | undefined> {
    return existsSync(this.#memoryFile) ? (JSON.parse(await readFile(this.#memoryFile, 'utf8')) as Memory) : undefined;
  }

  async #remember(memory: Memory): Promise<void> {
    await mkdir(dirname(this.#memoryFile), { recursive: true });
    await writeFile(this.#memoryFile, `${JSON.stringify(memory, undefined, 2)}\n`);
  }
}

/** Each host sees the programs of its roles, as kubeasz hands them out. */
function bootOf({ roles }: HostPlan, { baseImage, kubernetes }: Memory): Boot {
  const names = [
    ...PROGRAMS.everywhere,
    ...(roles.includes('kube-master') ? PROGRAMS.master : []),
    ...(roles.includes('kube-master') || roles.includes('kube-node') ? PROGRAMS.node : []),
  ];
  return { baseImage, programs: Object.fromEntries(names.map((name) => [`${BIN}/${name}`, join(kubernetes, name)])) };
}
