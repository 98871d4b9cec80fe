/** What actions refuse, in which words, and what they do when the way forward or back fails. */
import { actionFor } from '@reberth/agent/actions/index.ts';
import { createMemoryHost, type MemoryHost, type MemoryUnit } from '@reberth/agent/host/memory/memory-host.ts';
import test from 'ava';
import * as v from 'valibot';
import { withAuthority } from '../unit/certificates/authority.ts';
import { INVENTORY, KUBELET_KUBECONFIG, SIGNING_REQUEST } from '../unit/formats/samples.ts';
import { ADDED, master, NAMES, paths, pki, served } from './fixtures/apiserver-host.ts';
import { added, file, loadBalancer, narrow, staged, wide } from './fixtures/keepalived-host.ts';
import { throughJournal } from './walk.ts';

async function look(host: MemoryHost, kind: string, params: unknown, inputs: Readonly<Record<string, string>> = {}) {
  const action = actionFor(kind, 1);
  if (action === undefined) throw new Error(`no such action: ${kind}`);
  const read = v.parse(action.params, params);
  const planned = action.plan(read, await action.inspect(host, read, inputs));
  return { action, params: read, planned, problems: planned.is === 'refuse' ? planned.problems : planned.is };
}

const [from, to] = ['https://192.168.1.39:8443', 'https://192.168.1.40:8443'];
const kubelet = '/etc/kubernetes/kubelet.kubeconfig';
const url = 'http://127.0.0.1:10248/healthz';
const reader = { unit: 'kubelet.service', health: { url, withinMs: 5_000 } };

test('a kubeconfig that is broken, missing or on a third address is refused with file, line and reason, all at once', async (t) => {
  const host = createMemoryHost({
    files: {
      '/a': KUBELET_KUBECONFIG.replace('    server:', '\tserver:'),
      '/b': KUBELET_KUBECONFIG.replace('1.39', '1.33'),
      '/d': { bytes: Buffer.from([0xff, 0x20]) },
    },
  });
  const { problems } = await look(host, 'kubeconfig-server', { files: ['/a', '/b', '/c', '/d'], from, to, reader });
  t.deepEqual(problems.slice(1), [
    `/b:5: server of cluster default-cluster is https://192.168.1.33:8443, neither ${from} nor ${to}`,
    '/c: there is no such file',
    '/d: this is not UTF-8 text',
    'kubelet.service: there is no such unit',
  ]);
  t.regex(problems[0] ?? '', /^\/a:5: this is not YAML: /);
});

test('a reader that is not running is refused, because it could not be seen to work afterwards', async (t) => {
  const host = createMemoryHost({ files: { [kubelet]: KUBELET_KUBECONFIG }, units: { 'kubelet.service': { stopped: true } } });
  t.deepEqual((await look(host, 'kubeconfig-server', { files: [kubelet], from, to, reader })).problems, [
    'kubelet.service: it is inactive (dead), so that it could not be seen to work afterwards',
  ]);
});

test('an inventory with two values, and a keepalived.conf with an open brace, are refused with line and reason', async (t) => {
  const host = createMemoryHost({
    files: {
      '/hosts': INVENTORY.replace('bin_dir=', 'MASTER_IP=x\nbin_dir='),
      '/k': narrow.trimEnd().slice(0, -1),
      '/csr': SIGNING_REQUEST.replace('"hosts"', '"host"'),
    },
    units: { 'keepalived.service': { canReload: true } },
  });
  const set = [{ name: 'MASTER_IP', from: '192.168.1.39', to: '192.168.1.40' }];
  t.deepEqual((await look(host, 'inventory-variables', { file: '/hosts', section: 'all:vars', set })).problems, [
    '/hosts:29: MASTER_IP has two values in [all:vars]: one here and another in line 26',
  ]);
  t.deepEqual((await look(host, 'vrrp-instance-staged', { file: '/k', staged: '/k.reberth', change: added })).problems, [
    '/k:11: the brace opened here by vrrp_instance VI-kube-master is never closed',
  ]);
  t.deepEqual((await look(host, 'signing-request-hosts', { file: '/csr', remove: [], add: ['x'] })).problems, ['/csr:1: hosts is missing']);
});

test('parameters that lead elsewhere are no parameters', (t) => {
  const accepts = (kind: string, params: unknown) => v.is(actionFor(kind, 1)?.params ?? v.never(), params);
  t.true(accepts('unit-restarted', { unit: 'kubelet.service' }));
  t.false(accepts('unit-restarted', { unit: '--now' }));
  t.false(accepts('unit-restarted', { unit: 'kubelet.socket' }));
  t.false(accepts('signing-request-hosts', { file: '/etc/../shadow', remove: [], add: [] }));
  t.false(accepts('signing-request-hosts', { file: 'etc/x', remove: [], add: [] }));
  t.false(accepts('vrrp-instance-staged', { file, staged: '/etc/shadow', change: added }));
  t.false(accepts('kubeconfig-server', { files: [kubelet], from, to: 'https://x:1/\n' }));
});

test('a staged file that is missing, or that is not what the change makes, is not loaded', async (t) => {
  const params = { file, staged, change: added, unit: 'keepalived.service', networkInterface: 'eth0', address: '192.168.1.40', keep: [] };
  t.deepEqual((await look(loadBalancer('holder', narrow), 'vrrp-instance-loaded', params)).problems, [
    `${staged}: it is not there; it is staged first`,
  ]);
  t.deepEqual((await look(loadBalancer('holder', narrow, `${wide}# more\n`), 'vrrp-instance-loaded', params)).problems, [
    `${staged}: it is not what the change makes of the present file`,
  ]);
});

test('a keepalived that cannot reload is refused, because a restart would drop the address', async (t) => {
  const host = createMemoryHost({
    files: { [file]: narrow, [staged]: wide },
    units: { 'keepalived.service': {} },
    addresses: [{ networkInterface: 'eth0', address: '192.168.1.40' }],
  });
  const params = { file, staged, change: added, unit: 'keepalived.service', networkInterface: 'eth0', address: '192.168.1.40', keep: [] };
  t.deepEqual((await look(host, 'vrrp-instance-loaded', params)).problems, [
    'keepalived.service: it cannot reload, and a restart would drop the address',
    '192.168.1.40: eth0 holds it already, and no instance in the file says so',
  ]);
});

test('a complaint of keepalived about the future file fails the staging, one about the present file does not', async (t) => {
  const host = createMemoryHost({
    files: { [file]: narrow },
    check: (_, text, path) => ({
      available: true,
      problems: [`(${path}: Line 5) SECURITY`, ...(text?.includes('r58') ? [`(${path}: Line 30) Unknown keyword 'x'`] : [])],
    }),
  });
  const { action, params, planned } = await look(host, 'vrrp-instance-staged', { file, staged, change: added });
  if (planned.is !== 'change') return t.fail();
  await action.apply(host, planned.change, params);
  t.deepEqual(await action.verify(host, planned.change, params), {
    ok: false,
    why: `keepalived says of ${staged}: (${staged}: Line 30) Unknown keyword 'x'`,
  });
});

test('a reload that drops an address which was to stay is not verified, and is taken back', async (t) => {
  const read = (text = ''): string[] => (text.includes('r58') ? ['192.168.1.40'] : ['192.168.1.39']);
  const unit: MemoryUnit = { canReload: true, start: (world) => world.hold('eth0', read(world.read(file))) };
  const host = createMemoryHost({ files: { [file]: narrow, [staged]: wide }, units: { 'keepalived.service': unit } });
  const { action, params, planned } = await look(host, 'vrrp-instance-loaded', {
    file,
    staged,
    change: added,
    unit: 'keepalived.service',
    networkInterface: 'eth0',
    address: '192.168.1.40',
    keep: ['192.168.1.39'],
  });
  if (planned.is !== 'change') return t.fail();
  const change = throughJournal(planned.change);
  await action.apply(host, change, params);
  t.deepEqual(await action.verify(host, change, params), { ok: false, why: 'eth0 has lost 192.168.1.39, still after 20 s' });
  await action.undo(host, change, params);
  t.is(await action.compare(host, change, params), 'before');
  t.deepEqual(host.snapshot().addresses, ['eth0 192.168.1.39']);
});

test('a keepalived that does not survive the new file is started again on the old one', async (t) => {
  const unit: MemoryUnit = {
    canReload: true,
    start(world) {
      if (world.read(file)?.includes('r58')) throw new Error('keepalived.service: main process exited');
    },
  };
  const host = createMemoryHost({ files: { [file]: narrow, [staged]: wide }, units: { 'keepalived.service': unit } });
  const { action, params, planned } = await look(host, 'vrrp-instance-loaded', {
    file,
    staged,
    change: added,
    unit: 'keepalived.service',
    networkInterface: 'eth0',
    address: '192.168.1.40',
    keep: [],
  });
  if (planned.is !== 'change') return t.fail();
  await t.throwsAsync(action.apply(host, planned.change, params), { message: /main process exited/ });
  t.is(await action.compare(host, planned.change, params), 'between');
  await action.undo(host, planned.change, params);
  t.is(await action.compare(host, planned.change, params), 'before');
  t.is(host.snapshot().units['keepalived.service']?.active, 'active');
});

test('a kubelet that never gets well on the new file fails with the reason, and gets well on the old one', async (t) => {
  const unit: MemoryUnit = { start: (world) => void (world.read(kubelet)?.includes(from) && world.answerHttp(url, 200)) };
  const host = createMemoryHost({ files: { [kubelet]: KUBELET_KUBECONFIG }, units: { 'kubelet.service': unit } });
  const { action, params, planned } = await look(host, 'kubeconfig-server', { files: [kubelet], from, to, reader });
  if (planned.is !== 'change') return t.fail();
  await action.apply(host, planned.change, params);
  t.deepEqual(await action.verify(host, planned.change, params), {
    ok: false,
    why: `kubelet.service is active (running) and ${url} answers nothing: connect ECONNREFUSED, still after 5 s`,
  });
  await action.undo(host, planned.change, params);
  t.is(await action.compare(host, planned.change, params), 'before');
});

test('an undo whose reader stays ill says so and may be tried again', async (t) => {
  let ill = true;
  const unit: MemoryUnit = { start: (world) => void (world.read(kubelet)?.includes(from) && !ill && world.answerHttp(url, 200)) };
  const host = createMemoryHost({ files: { [kubelet]: KUBELET_KUBECONFIG }, units: { 'kubelet.service': unit } });
  const { action, params, planned } = await look(host, 'kubeconfig-server', { files: [kubelet], from, to, reader });
  if (planned.is !== 'change') return t.fail();
  const change = throughJournal(planned.change);
  await action.apply(host, change, params);
  await t.throwsAsync(action.undo(host, change, params), { message: /^cannot take kubelet\.service back: .* still after 5 s$/ });
  t.is(await action.compare(host, change, params), 'between');
  ill = false;
  await action.undo(host, change, params);
  t.is(await action.compare(host, change, params), 'before');
});

test('a certificate of another authority, key or subject is not installed', async (t) => {
  const params = { ...paths, mustCover: [...NAMES, ADDED], served };
  const of = async (certificate: string) =>
    (await look(await master({ reloads: true, newKey: true }), 'serving-certificate-installed', params, { certificate })).problems;
  const said = (what: string) => `${paths.certFile}: the new certificate is refused: ${what}`;
  t.is(await of(pki.certPem), 'noop');
  t.is(await of(pki.newCertPem), 'change');
  t.deepEqual(await of('garbage'), [said('it cannot be read as a certificate')]);
  const foreign = withAuthority((authority) => authority.issue([...NAMES, ADDED], { key: 'ec', subject: '/CN=somebody' }).certPem);
  t.deepEqual(await of(foreign), [
    said('it was not signed by the authority in the CA file'),
    said('it was made for another private key'),
    said('it names another subject than the present one'),
  ]);
  t.deepEqual(
    (await look(await master({ reloads: true, newKey: false }), 'serving-certificate-installed', params, { certificate: pki.newCertPem })).problems,
    [`${paths.stagedKeyFile}: it is not there; the key is made first`],
  );
});

test('a certificate that covers what it should already is left alone, in a dry run too', async (t) => {
  const host = await master({ reloads: true, newKey: false });
  t.is((await look(host, 'serving-certificate-requested', { ...paths, addAddresses: ['192.168.1.39'], removeAddresses: [ADDED] })).problems, 'noop');
  t.is((await look(host, 'serving-certificate-installed', { ...paths, mustCover: NAMES.toReversed(), served })).problems, 'noop');
});

test('the request of a made key can be signed into a certificate that is then installed', async (t) => {
  const host = await master({ reloads: true, newKey: false });
  const requested = await look(host, 'serving-certificate-requested', { ...paths, addAddresses: [ADDED], removeAddresses: ['192.168.1.39'] });
  if (requested.planned.is !== 'change') return t.fail();
  await requested.action.apply(host, requested.planned.change, requested.params);
  const check = await requested.action.verify(host, requested.planned.change, requested.params);
  t.deepEqual(Object.keys(check.ok ? (check.outputs ?? {}) : {}), ['csr']);
  t.notRegex(JSON.stringify(check), /PRIVATE KEY/);
  t.notRegex(JSON.stringify(requested.planned.diffs), /PRIVATE KEY/);
});
