import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig as parseAgentConfig } from '@reberth/agent/config.ts';
import { operatorOf } from '@reberth/coordinator/authority/identity.ts';
import { type InitialiseOptions, initialise } from '@reberth/coordinator/authority/initialise.ts';
import { readCliConfig } from '@reberth/coordinator/cli/config.ts';
import { parseConfig } from '@reberth/coordinator/config.ts';
import { ReberthError } from '@reberth/protocol/errors.ts';
import test, { type ExecutionContext } from 'ava';

async function place(t: ExecutionContext): Promise<InitialiseOptions & { readonly folder: string; readonly operatorFolder: string }> {
  const root = await mkdtemp(join(tmpdir(), 'reberth-'));
  t.teardown(() => rm(root, { recursive: true }));
  return {
    cluster: 'kubeasz',
    address: '192.0.2.41',
    hosts: ['192.0.2.41', '192.0.2.42'],
    masters: ['192.0.2.41:6443'],
    kubeconfig: '/root/.kube/config',
    caFile: '/etc/kubernetes/ssl/ca.pem',
    caKeyFile: '/etc/kubernetes/ssl/ca-key.pem',
    folder: join(root, 'etc/reberth'),
    operatorFolder: join(root, 'home/.config/reberth'),
  };
}

async function filesBelow(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = names.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return new Map(await Promise.all(files.map(async (file) => [file.slice(folder.length + 1), await readFile(file, 'utf8')] as const)));
}

const certificateAt = async (...path: readonly string[]) => new X509Certificate(await readFile(join(...path)));

test('init makes what every part needs, each readable by its own parser', async (t) => {
  const options = await place(t);
  const { folder, operatorFolder } = options;
  const { made, kept } = await initialise(options);
  t.deepEqual([...(await filesBelow(folder)).keys()].sort(), [
    'coordinator.json',
    ...['192.0.2.41', '192.0.2.42'].flatMap((host) =>
      ['agent.crt', 'agent.json', 'agent.key', 'ca.crt', 'signing.pub'].map((name) => `hosts/${host}/${name}`),
    ),
    ...['broker.crt', 'broker.key', 'ca.crt', 'ca.key', 'coordinator.crt', 'coordinator.key', 'signing.key', 'signing.pub'].map(
      (name) => `pki/${name}`,
    ),
  ]);
  t.deepEqual([...(await filesBelow(operatorFolder)).keys()].sort(), ['ca.crt', 'cli.json', 'operator.crt', 'operator.key']);
  t.is(made.length, 23);
  t.deepEqual(kept, []);
  const config = parseConfig(await readFile(join(folder, 'coordinator.json'), 'utf8'));
  t.like(config, { cluster: 'kubeasz', address: '192.0.2.41', servers: ['192.0.2.41:4222'], caFile: '/etc/kubernetes/ssl/ca.pem' });
  t.is(config.pki.caFile, join(folder, 'pki/ca.crt'));
  const agent = parseAgentConfig(await readFile(join(folder, 'hosts/192.0.2.42/agent.json'), 'utf8'), '/etc/reberth/agent/agent.json');
  t.like(agent, { host: '192.0.2.42', servers: ['192.0.2.41:4222'], keyFile: '/etc/reberth/agent/agent.key' });
  t.is((await readCliConfig(join(operatorFolder, 'cli.json'))).certificateFile, join(operatorFolder, 'operator.crt'));
});

test('files are for their owner only', async (t) => {
  const options = await place(t);
  await initialise(options);
  for (const root of [options.folder, options.operatorFolder]) {
    for (const entry of await readdir(root, { recursive: true, withFileTypes: true })) {
      const { mode } = await stat(join(entry.parentPath, entry.name));
      t.is(mode & 0o777, entry.isDirectory() ? 0o700 : 0o600, entry.name);
    }
  }
});

test('certificates speak for one name, for one use, for a year', async (t) => {
  const options = await place(t);
  const nowMs = Date.now();
  await initialise({ ...options, nowMs, operator: 'ada' });
  const { folder, operatorFolder } = options;
  const ca = await certificateAt(folder, 'pki/ca.crt');
  t.true(ca.ca);
  const server = '1.3.6.1.5.5.7.3.1';
  const client = '1.3.6.1.5.5.7.3.2';
  const wanted = [
    [[folder, 'pki/coordinator.crt'], 'CN=coordinator', [server, client]],
    [[folder, 'pki/broker.crt'], 'CN=broker', [server]],
    [[folder, 'hosts/192.0.2.42/agent.crt'], 'CN=agent.192-0-2-42', [client]],
    [[operatorFolder, 'operator.crt'], 'CN=operator.ada', [client]],
  ] as const;
  for (const [path, subject, usages] of wanted) {
    const certificate = await certificateAt(...path);
    t.is(certificate.subject, subject);
    t.deepEqual(certificate.keyUsage, [...usages]);
    t.true(certificate.verify(ca.publicKey));
    t.false(certificate.ca);
    t.true(Math.abs(Date.parse(certificate.validTo) - (nowMs + 365 * 86_400_000)) < 2_000);
  }
  const coordinator = await certificateAt(folder, 'pki/coordinator.crt');
  for (const address of ['192.0.2.41', '127.0.0.1', '::1']) t.truthy(coordinator.checkIP(address), address);
  t.truthy(coordinator.checkHost('localhost'));
  t.is((await certificateAt(folder, 'pki/broker.crt')).checkHost('localhost'), undefined);
});

test('a second init changes nothing', async (t) => {
  const options = await place(t);
  const first = await initialise(options);
  const before = [await filesBelow(options.folder), await filesBelow(options.operatorFolder)];
  const second = await initialise(options);
  t.deepEqual([await filesBelow(options.folder), await filesBelow(options.operatorFolder)], before);
  t.deepEqual(second.made, []);
  t.deepEqual([...second.kept].sort(), [...first.made].sort());
});

test('a second init adds a host and what was lost, and keeps the rest', async (t) => {
  const options = await place(t);
  const { folder } = options;
  await initialise(options);
  const lost = ['pki/broker.crt', 'hosts/192.0.2.41/agent.crt', 'hosts/192.0.2.41/agent.key', 'hosts/192.0.2.42/signing.pub', 'pki/signing.pub'];
  const edited = { ...(JSON.parse(await readFile(join(folder, 'coordinator.json'), 'utf8')) as object), logLevel: 'debug' };
  await writeFile(join(folder, 'coordinator.json'), JSON.stringify(edited));
  const before = await filesBelow(folder);
  for (const name of lost) await rm(join(folder, name));
  const { made, changed } = await initialise({ ...options, hosts: ['192.0.2.42', '192.0.2.43'], masters: ['192.0.2.42:6443'] });
  const after = await filesBelow(folder);
  const madeNames = made.map((path) => path.slice(folder.length + 1)).sort();
  const newBundle = ['agent.crt', 'agent.json', 'agent.key', 'ca.crt', 'signing.pub'].map((name) => `hosts/192.0.2.43/${name}`);
  t.deepEqual(madeNames, [...newBundle, 'hosts/192.0.2.42/signing.pub', 'pki/broker.crt', 'pki/signing.pub'].sort());
  t.deepEqual(changed, [join(folder, 'coordinator.json')]);
  const config = parseConfig(after.get('coordinator.json') ?? '');
  t.deepEqual(
    [config.hosts, config.masters.length, config.logLevel],
    [['192.0.2.41', '192.0.2.42', '192.0.2.43'].map((host) => host as (typeof config.hosts)[number]), 2, 'debug'],
  );
  for (const [name, content] of before) if (!lost.includes(name) && name !== 'coordinator.json') t.is(after.get(name), content, name);
  t.is(after.get('pki/signing.pub'), before.get('pki/signing.pub'));
  t.true(
    (await certificateAt(folder, 'pki/broker.crt')).publicKey.equals(new X509Certificate(before.get('pki/broker.crt') ?? '').publicKey),
    'the key was kept',
  );
});

test('an expired certificate is made again, for the same key', async (t) => {
  const options = await place(t);
  await initialise({ ...options, nowMs: Date.now() - 400 * 86_400_000 });
  const old = await certificateAt(options.folder, 'pki/broker.crt');
  const { made } = await initialise(options);
  t.is(made.length, 5);
  const renewed = await certificateAt(options.folder, 'pki/broker.crt');
  t.true(Date.parse(renewed.validTo) > Date.now());
  t.true(renewed.publicKey.equals(old.publicKey));
});

test('what does not fit together is told all at once, and nothing is written', async (t) => {
  const options = await place(t);
  const strange = await place(t);
  await initialise(options);
  await initialise(strange);
  const copy = async (name: string) => writeFile(join(options.folder, name), await readFile(join(strange.folder, name)));
  await copy('pki/coordinator.crt');
  await copy('hosts/192.0.2.41/signing.pub');
  await rm(join(options.folder, 'hosts/192.0.2.42/agent.key'));
  await rm(join(options.operatorFolder, 'cli.json'));
  const before = await filesBelow(options.folder);
  const error = await t.throwsAsync(initialise({ ...options, hosts: [...options.hosts, '192.0.2.43'] }), { instanceOf: ReberthError });
  const { reasons, code } = error as ReberthError;
  t.is(code, 'config-invalid');
  t.is(reasons.length, 3, reasons.join(' | '));
  for (const pattern of [
    /coordinator\.crt cannot be kept: it was signed by another CA/,
    /agent\.key is missing/,
    /signing\.pub cannot be kept: it belongs to other keys/,
  ]) {
    t.true(
      reasons.some((reason) => pattern.test(reason)),
      String(pattern),
    );
  }
  t.deepEqual(await filesBelow(options.folder), before);
  await t.throwsAsync(stat(join(options.operatorFolder, 'cli.json')), { code: 'ENOENT' });
});

test('without its key the control CA is not replaced behind the back of its certificates', async (t) => {
  const options = await place(t);
  await initialise(options);
  await rm(join(options.folder, 'pki/ca.key'));
  await t.throwsAsync(initialise(options), { message: /ca\.key is missing, and .*ca\.crt cannot be used without it/ });
  await rm(join(options.folder, 'pki/ca.crt'));
  await t.throwsAsync(initialise(options), { message: /ca\.key is missing, and .*coordinator\.crt.* cannot be used without it/ });
});

test('a coordinator that moved to another address is told that its certificates do not cover it', async (t) => {
  const options = await place(t);
  await initialise(options);
  const error = await t.throwsAsync(initialise({ ...options, address: '192.0.2.50' }), { instanceOf: ReberthError });
  t.regex(error?.message ?? '', /coordinator\.crt cannot be kept: it does not cover 192\.0\.2\.50/);
});

test('hosts that cannot be told apart, and names that cannot travel, are refused', async (t) => {
  const options = await place(t);
  await t.throwsAsync(initialise({ ...options, hosts: ['a.b', 'a-b'] }), { message: /a-b: named twice/ });
  await t.throwsAsync(initialise({ ...options, hosts: ['../x'] }), { instanceOf: ReberthError });
  await t.throwsAsync(initialise({ ...options, hosts: ['..'] }), { message: /\.\.: not the name of a host/ });
  await t.throwsAsync(stat(options.folder), { code: 'ENOENT' });
});

test("only an operator's name is an operator's", (t) => {
  t.is(operatorOf('operator.ada'), 'ada');
  for (const name of ['agent.operator.ada', 'coordinator', 'operator.', '', undefined]) t.is(operatorOf(name), undefined);
});
