/**
 * Makes everything that `reberth init` makes: control CA, certificates, the signing key, one bundle per host, the operator's folder and the
 * coordinator's configuration. Run again it adds what is missing and keeps what is there; keys are never replaced. What does not fit together
 * is told all at once, before the first file is written.
 */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import { endpointText } from '@reberth/protocol/plan.ts';
import { subjectToken } from '@reberth/protocol/subjects.ts';
import { BROKER_PORT } from '../config.ts';
import { certificateFor, controlCa, isExpired, newKeyPem, publicKeyPem, reasonAgainstKept } from './control-ca.ts';
import { type Credential, credentialsOf, placesOf } from './credentials.ts';
import { readIfThere, replace, writeNew } from './files.ts';

export interface InitialiseOptions {
  readonly cluster: string;
  /** Of the coordinator's own host, as the other hosts reach it. */
  readonly address: string;
  readonly hosts: readonly string[];
  /** `192.0.2.41:6443` */
  readonly masters: readonly string[];
  readonly kubeconfig: string;
  /** The cluster's CA. */
  readonly caFile: string;
  readonly caKeyFile: string;
  readonly folder?: string;
  readonly operatorFolder?: string;
  /** The operator's name in the record of what was done. */
  readonly operator?: string;
  readonly nowMs?: number;
}

/** Paths, in the order in which they were come to. */
export interface Initialised {
  readonly made: readonly string[];
  readonly kept: readonly string[];
  /** Lists of hosts and masters that were added to. */
  readonly changed: readonly string[];
}

/** Something to be written: a new file, an expired certificate, or a configuration that grows. */
interface Writing {
  readonly path: string;
  readonly content: string;
  readonly how: 'new' | 'replace';
}

export async function initialise(options: InitialiseOptions): Promise<Initialised> {
  const survey = new Survey();
  const writings = await prepare(options, survey).catch((cause: unknown) => {
    if (cause instanceof ReberthError) throw cause;
    throw new ReberthError('config-invalid', `cannot initialise: ${messageOf(cause)}`, { cause });
  });
  survey.refuseProblems();
  for (const { path, content, how } of writings) await (how === 'new' ? writeNew : replace)(path, content);
  return {
    made: writings.filter(({ path }) => !survey.changed.includes(path)).map(({ path }) => path),
    kept: survey.kept,
    changed: survey.changed,
  };
}

/** What was found on the way, good and bad. */
class Survey {
  readonly kept: string[] = [];
  readonly changed: string[] = [];
  readonly problems: string[] = [];

  refuseProblems(): void {
    if (this.problems.length === 0) return;
    const hint = 'move the named files away to have them made again';
    throw new ReberthError('config-invalid', `cannot initialise: ${this.problems.join('; ')}`, { reasons: this.problems, hint });
  }
}

async function prepare(options: InitialiseOptions, survey: Survey): Promise<readonly Writing[]> {
  const {
    cluster,
    address,
    folder = '/etc/reberth',
    operatorFolder = join(homedir(), '.config/reberth'),
    operator = 'admin',
    nowMs = Date.now(),
  } = options;
  subjectToken(cluster);
  const hosts = options.hosts.map(hostId);
  const twins = hosts.filter((host, at) => hosts.findIndex((other) => subjectToken(other) === subjectToken(host)) !== at);
  // Each host's bundle is a folder of that name.
  const folders = hosts.filter((host) => /^\.+$/.test(host));
  if (folders.length > 0) survey.problems.push(`${folders.join(', ')}: not the name of a host`);
  if (twins.length > 0) survey.problems.push(`${twins.join(', ')}: named twice, or too like another host to be told apart on the wire`);
  const places = placesOf(folder, operatorFolder);
  const credentials = credentialsOf(places, address, hosts, operator);
  const writings: Writing[] = [];

  const ca = await prepareCa(cluster, places.pki, credentials, nowMs, survey, writings);
  survey.refuseProblems();
  for (const credential of credentials) await prepareCredential(credential, ca, nowMs, survey, writings);

  const signingKeyFile = join(places.pki, 'signing.key');
  const signingKey = (await keep(signingKeyFile, survey)) ?? make(signingKeyFile, newKeyPem('ed25519'), writings);
  const signingPub = publicKeyPem(signingKey);
  await prepareCopy(join(places.pki, 'signing.pub'), signingPub, survey, writings);

  for (const host of hosts) {
    await prepareCopy(join(places.bundle(host), 'ca.crt'), ca.certificatePem, survey, writings);
    await prepareCopy(join(places.bundle(host), 'signing.pub'), signingPub, survey, writings);
    await prepareJson(join(places.bundle(host), 'agent.json'), { cluster, host, servers: [listenAt(address)] }, survey, writings);
  }
  await prepareCopy(join(places.operator, 'ca.crt'), ca.certificatePem, survey, writings);
  await prepareJson(
    join(places.operator, 'cli.json'),
    { coordinator: '127.0.0.1:7443', caFile: 'ca.crt', certificateFile: 'operator.crt', keyFile: 'operator.key' },
    survey,
    writings,
  );
  await prepareCoordinatorConfig(join(folder, 'coordinator.json'), options, places.pki, survey, writings);
  return writings;
}

const listenAt = (address: string): string => endpointText({ address, port: BROKER_PORT });

async function keep(path: string, survey: Survey): Promise<string | undefined> {
  const content = await readIfThere(path);
  if (content !== undefined) survey.kept.push(path);
  return content;
}

function make(path: string, content: string, writings: Writing[], how: Writing['how'] = 'new'): string {
  writings.push({ path, content, how });
  return content;
}

async function prepareCa(cluster: string, pki: string, credentials: readonly Credential[], nowMs: number, survey: Survey, writings: Writing[]) {
  const certFile = join(pki, 'ca.crt');
  const keyFile = join(pki, 'ca.key');
  const presentKey = await keep(keyFile, survey);
  const presentCertificate = await keep(certFile, survey);
  if (presentKey === undefined) {
    // A new CA beside certificates of the old one would leave hosts that do not trust each other.
    const others = presentCertificate === undefined ? await whichAreThere(credentials.map((credential) => credential.certFile)) : [certFile];
    if (others.length > 0) survey.problems.push(`${keyFile} is missing, and ${others.join(', ')} cannot be used without it`);
  }
  const keyPem = presentKey ?? make(keyFile, newKeyPem('ec'), writings);
  const certificatePem = presentCertificate ?? make(certFile, await controlCa(cluster, keyPem, nowMs), writings);
  if (presentCertificate !== undefined && isExpired(presentCertificate, nowMs)) survey.problems.push(`${certFile} has expired`);
  return { certificatePem, keyPem };
}

async function whichAreThere(paths: readonly string[]): Promise<readonly string[]> {
  const contents = await Promise.all(paths.map(readIfThere));
  return paths.filter((_, at) => contents[at] !== undefined);
}

/** A key without a certificate is what a crash leaves, and what somebody leaves who wants a new certificate. */
async function prepareCredential(
  credential: Credential,
  ca: { readonly certificatePem: string; readonly keyPem: string },
  nowMs: number,
  survey: Survey,
  writings: Writing[],
): Promise<void> {
  const { certFile, keyFile } = credential;
  const presentKey = await keep(keyFile, survey);
  const present = await readIfThere(certFile);
  if (presentKey === undefined && present !== undefined) {
    survey.problems.push(`${keyFile} is missing, and ${certFile} cannot be used without it`);
    return;
  }
  if (presentKey !== undefined && present !== undefined && !isExpired(present, nowMs)) {
    const why = reasonAgainstKept(credential, present, presentKey, ca.certificatePem);
    if (why !== undefined) survey.problems.push(`${certFile} cannot be kept: ${why}`);
    else survey.kept.push(certFile);
    return;
  }
  const keyPem = presentKey ?? make(keyFile, newKeyPem('ec'), writings);
  make(certFile, await certificateFor(credential, keyPem, ca, nowMs), writings, present === undefined ? 'new' : 'replace');
}

async function prepareCopy(path: string, content: string, survey: Survey, writings: Writing[]): Promise<void> {
  const present = await keep(path, survey);
  if (present === undefined) make(path, content, writings);
  else if (present !== content) survey.problems.push(`${path} cannot be kept: it belongs to other keys`);
}

/** Configuration belongs to whoever edited it last. */
async function prepareJson(path: string, value: object, survey: Survey, writings: Writing[]): Promise<void> {
  if ((await keep(path, survey)) === undefined) make(path, jsonText(value), writings);
}

const jsonText = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;

/** An existing one keeps all its values; only hosts and masters that it lacks are added. */
async function prepareCoordinatorConfig(path: string, options: InitialiseOptions, pki: string, survey: Survey, writings: Writing[]): Promise<void> {
  const { cluster, address, hosts, masters, kubeconfig, caFile, caKeyFile } = options;
  const text = await readIfThere(path);
  if (text === undefined) {
    make(path, jsonText({ cluster, address, hosts, masters, broker: { listen: listenAt(address) }, kubeconfig, caFile, caKeyFile, pki }), writings);
    return;
  }
  const present = objectOf(text, path);
  const grown = { ...present, hosts: union(present['hosts'], hosts), masters: union(present['masters'], masters) };
  if (JSON.stringify(grown) === JSON.stringify(present)) {
    survey.kept.push(path);
    return;
  }
  make(path, jsonText(grown), writings, 'replace');
  survey.changed.push(path);
}

function objectOf(text: string, path: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Readonly<Record<string, unknown>>;
  } catch {
    // Said below.
  }
  throw new ReberthError('config-invalid', `cannot add hosts to ${path}: it is not a JSON object`);
}

const union = (present: unknown, wanted: readonly string[]): readonly unknown[] => [
  ...new Set([...(Array.isArray(present) ? (present as readonly unknown[]) : []), ...wanted]),
];
