import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Credentials, credentialSources, readCredentials, remembered } from '@reberth/coordinator/kubernetes/kubeconfig.ts';
import test from 'ava';
import { stringify } from 'yaml';

const PATH = '/root/.kube/config';
const encoded = (text: string) => Buffer.from(text).toString('base64');

function kubeconfig(user: object, change: object = {}): string {
  return stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'kubernetes', cluster: { server: 'https://192.0.2.39:8443' } }],
    contexts: [
      { name: 'other', context: { cluster: 'kubernetes', user: 'nobody' } },
      { name: 'kubernetes', context: { cluster: 'kubernetes', user: 'admin' } },
    ],
    'current-context': 'kubernetes',
    users: [
      { name: 'nobody', user: {} },
      { name: 'admin', user },
    ],
    ...change,
  });
}

const embedded = { 'client-certificate-data': encoded('the certificate'), 'client-key-data': encoded('the key') };

test('credentials of the current context are found embedded', (t) => {
  t.deepEqual(credentialSources(kubeconfig(embedded), PATH), { certificate: { pem: 'the certificate' }, key: { pem: 'the key' } });
});

test('credentials in files are found beside the kubeconfig or where their path says', (t) => {
  const user = { 'client-certificate': 'pki/admin.pem', 'client-key': '/etc/admin-key.pem' };
  t.deepEqual(credentialSources(kubeconfig(user), PATH), { certificate: { file: '/root/.kube/pki/admin.pem' }, key: { file: '/etc/admin-key.pem' } });
});

test('embedded credentials win over files, as they do for kubectl', (t) => {
  t.deepEqual(credentialSources(kubeconfig({ ...embedded, 'client-key': '/etc/other.pem' }), PATH).key, { pem: 'the key' });
});

test('a kubeconfig without clusters is good enough: the server is not what is wanted of it', (t) => {
  t.notThrows(() => credentialSources(kubeconfig(embedded, { clusters: undefined }), PATH));
});

for (const [what, content, message] of [
  ['a user with a token only', kubeconfig({ token: 'abc' }), 'user "admin" has no client-certificate; a client certificate is needed'],
  ['a user without a key', kubeconfig({ 'client-certificate-data': 'YQ==' }), 'user "admin" has no client-key; a client certificate is needed'],
  [
    'a current context that is not there',
    kubeconfig(embedded, { 'current-context': 'gone' }),
    'its current context "gone" is not among its contexts',
  ],
  ['a user that is not there', kubeconfig(embedded, { users: [] }), 'user "admin" of the current context is not among its users'],
  ['no users at all', kubeconfig(embedded, { users: undefined }), 'users is missing or of the wrong kind'],
] as const) {
  test(`${what} is refused by name`, (t) => {
    t.throws(() => credentialSources(content, PATH), { message: `cannot use kubeconfig ${PATH}: ${message}` });
  });
}

test('what is not YAML is refused with its line and without a word of its content', (t) => {
  const error = t.throws(() => credentialSources('users:\n- name: admin\n  user: {client-key-data: "SECRET', PATH));
  t.is(error.message, `cannot use kubeconfig ${PATH}: line 3 is not YAML`);
  t.false(JSON.stringify(error, Object.getOwnPropertyNames(error)).includes('SECRET'));
});

test('CA, certificate and key are read from disk, and a missing file is named', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'reberth-kubeconfig-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const files = { kubeconfig: join(folder, 'config'), caFile: join(folder, 'ca.pem') };
  await writeFile(files.kubeconfig, kubeconfig({ 'client-certificate-data': encoded('the certificate'), 'client-key': 'admin-key.pem' }));
  await writeFile(files.caFile, 'the CA');
  await t.throwsAsync(readCredentials(files), { message: new RegExp(`^cannot read ${folder}/admin-key.pem: `) });
  await writeFile(join(folder, 'admin-key.pem'), 'the key');
  t.deepEqual(await readCredentials(files), { ca: 'the CA', certificate: 'the certificate', key: 'the key' });
});

test('credentials are read again after a while, and the old ones stay good when that fails', async (t) => {
  let nowMs = 0;
  let reads = 0;
  let fails = false;
  const read = async (): Promise<Credentials> => {
    reads += 1;
    if (fails) throw new Error('gone');
    return { ca: '', certificate: `read ${reads}`, key: '' };
  };
  const credentials = remembered(read, () => nowMs);
  const certificate = async () => (await credentials()).certificate;
  t.is(await certificate(), 'read 1');
  nowMs = 29_999;
  t.is(await certificate(), 'read 1');
  nowMs = 30_000;
  t.is(await certificate(), 'read 2');
  nowMs = 60_000;
  fails = true;
  t.is(await certificate(), 'read 2');
});

test('credentials that were never read are an error', async (t) => {
  await t.throwsAsync(
    remembered(async () => {
      throw new Error('cannot read it');
    })(),
    { message: 'cannot read it' },
  );
});
