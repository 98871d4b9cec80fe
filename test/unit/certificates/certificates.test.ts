import { createPrivateKey } from 'node:crypto';
import { checkCertificate } from '@reberth/agent/certificates/check.ts';
import { describeCertificate } from '@reberth/agent/certificates/describe.ts';
import { makeKeyAndRequest } from '@reberth/agent/certificates/key-and-request.ts';
import test from 'ava';
import { withAuthority } from './authority.ts';

const NAMES = ['127.0.0.1', '192.168.1.39', '192.168.1.41', '10.68.0.1', 'kubernetes', 'kubernetes.default.svc.cluster.local'];
// An hour on: openssl dates what it signs now.
const NOW = Date.now() + 3_600_000;

for (const key of ['rsa', 'ec', 'ed25519'] as const) {
  test(`a request made for a certificate with an ${key} key is signed by openssl into one that covers the new address`, async (t) => {
    await withAuthority(async (authority) => {
      const { certPem, keyPem } = authority.issue(NAMES, { key });
      const made = await makeKeyAndRequest(certPem, { add: ['192.168.1.40', '2001:db8::40', 'api.example.com'], remove: ['192.168.1.41'] }, keyPem);
      const signed = authority.sign(made.csrPem);
      const [before, after] = [describeCertificate(certPem), describeCertificate(signed)];
      if (!before.ok || !after.ok) return t.fail();
      t.is(after.value.subject, before.value.subject);
      t.is(after.value.algorithm, before.value.algorithm);
      t.deepEqual(after.value.names, ['kubernetes', 'kubernetes.default.svc.cluster.local', 'api.example.com']);
      t.deepEqual(after.value.addresses.slice(0, 4), ['127.0.0.1', '192.168.1.39', '10.68.0.1', '192.168.1.40']);
      t.true(authority.verifies(signed, '192.168.1.40'));
      t.false(authority.verifies(signed, '192.168.1.41'));
      t.not(made.keyPem, keyPem);
      t.deepEqual(checkCertificate(signed, authority.caPem, ['192.168.1.40', '2001:DB8:0:0::40', 'kubernetes'], made.keyPem, NOW), []);
      t.notRegex(made.csrPem, /PRIVATE/);
    });
  });
}

test('a new key is written in the same kind of PEM as the present one', async (t) => {
  await withAuthority(async (authority) => {
    const { certPem, keyPem } = authority.issue(NAMES);
    const old = createPrivateKey(keyPem).export({ format: 'pem', type: 'pkcs1' }).toString();
    t.true((await makeKeyAndRequest(certPem, { add: [], remove: [] }, old)).keyPem.startsWith('-----BEGIN RSA PRIVATE KEY-----'));
    t.true((await makeKeyAndRequest(certPem, { add: [], remove: [] }, keyPem)).keyPem.startsWith('-----BEGIN PRIVATE KEY-----'));
  });
});

test('all that is wrong with a certificate is named', (t) => {
  withAuthority((authority) => {
    const good = authority.issue(NAMES, { key: 'ec' });
    const other = authority.issue(NAMES, { key: 'ec', usage: 'clientAuth' });
    t.deepEqual(checkCertificate(good.certPem, authority.caPem, NAMES, good.keyPem, NOW), []);
    t.deepEqual(checkCertificate(other.certPem, authority.caPem, [...NAMES, '192.168.1.40', '192.168.1.4'], good.keyPem, NOW - 2 * 86_400_000), [
      'it does not cover 192.168.1.40, 192.168.1.4',
      ...checkCertificate(other.certPem, authority.caPem, [], other.keyPem, NOW - 2 * 86_400_000).filter((problem) =>
        problem.startsWith('it is not valid before'),
      ),
      'it is not made for serving',
      'it was made for another private key',
    ]);
    t.regex(checkCertificate(good.certPem, authority.caPem, [], good.keyPem, NOW + 11 * 86_400_000)[0] ?? '', /^it is not valid after /);
    t.deepEqual(checkCertificate(good.certPem, authority.caPem, [], 'garbage', NOW), ['the private key for it cannot be read']);
    t.deepEqual(checkCertificate('garbage', authority.caPem, [], good.keyPem, NOW), ['it cannot be read as a certificate']);
    // Another authority by the same name.
    withAuthority((twin) =>
      t.deepEqual(checkCertificate(good.certPem, twin.caPem, [], good.keyPem, NOW), ['it was not signed by the authority in the CA file']),
    );
  });
});

test('a certificate is described by its first one, and garbage is a problem', (t) => {
  withAuthority((authority) => {
    const { certPem } = authority.issue(NAMES);
    const described = describeCertificate(`some words\n${certPem}${authority.caPem}`);
    t.like(described, {
      ok: true,
      value: {
        issuer: 'CN=kubernetes-ca',
        addresses: ['127.0.0.1', '192.168.1.39', '192.168.1.41', '10.68.0.1'],
        names: ['kubernetes', 'kubernetes.default.svc.cluster.local'],
        algorithm: 'rsa 2048',
        isCa: false,
      },
    });
    t.true(described.ok && described.value.subject.includes('O=k8s') && described.value.subject.endsWith('CN=kubernetes'));
    t.like(describeCertificate('garbage'), { ok: false });
  });
});
