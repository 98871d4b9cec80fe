import 'reflect-metadata';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, webcrypto, X509Certificate } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import { checkClusterCa } from '@reberth/coordinator/authority/cluster-ca.ts';
import { type ServingRequest, signServingCertificate } from '@reberth/coordinator/authority/serving-certificate.ts';
import test, { type ExecutionContext } from 'ava';
import forge from 'node-forge';

const NOW = Date.now();
const DAY_MS = 86_400_000;
const SUBJECT = 'C=CN, ST=HangZhou, L=XS, O=k8s, OU=System, CN=kubernetes';
const OLD = ['127.0.0.1', '192.0.2.41', '192.0.2.10', '10.68.0.1', 'kubernetes', 'kubernetes.default.svc.cluster.local'];
const NEW = '192.0.2.20';

const pem = (key: KeyObject, type: 'pkcs1' | 'sec1' | 'pkcs8') => key.export({ type, format: 'pem' } as { type: 'pkcs8'; format: 'pem' }).toString();
const RSA = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256', publicExponent: new Uint8Array([1, 0, 1]), modulusLength: 2048 };
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
type Algorithm = typeof RSA | typeof EC;
const san = (names: readonly string[]) =>
  new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: /^[\d.]+$|:/.test(value) ? ('ip' as const) : ('dns' as const), value })));

async function keysOf(algorithm: Algorithm) {
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair;
  const key = createPrivateKey({ key: Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)), format: 'der', type: 'pkcs8' });
  return { keys, key };
}

/** A CA such as kubeasz (RSA) or a newer kubeadm (ECDSA) has, made by another hand than the one that is tested. */
async function clusterCa(algorithm: Algorithm, more: { readonly notAfter?: Date; readonly ca?: boolean } = {}) {
  const { keys, key } = await keysOf(algorithm);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: 'C=CN, O=k8s, CN=kubernetes-ca',
      keys,
      signingAlgorithm: algorithm,
      notBefore: new Date(NOW - DAY_MS),
      notAfter: more.notAfter ?? new Date(NOW + 9_000 * DAY_MS),
      extensions: [
        new x509.BasicConstraintsExtension(more.ca ?? true, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
        new x509.SubjectKeyIdentifierExtension('0123456789abcdef0123456789abcdef01234567'),
      ],
    },
    webcrypto,
  );
  return { certPem: certificate.toString('pem'), key };
}

async function request(
  algorithm: Algorithm,
  names: readonly string[],
  more: { readonly subject?: string; readonly extensions?: x509.Extension[] } = {},
) {
  const { keys, key } = await keysOf(algorithm);
  const extensions = [...(names.length > 0 ? [san(names)] : []), ...(more.extensions ?? [])];
  const csr = await x509.Pkcs10CertificateRequestGenerator.create(
    { name: more.subject ?? SUBJECT, keys, signingAlgorithm: algorithm, extensions },
    webcrypto,
  );
  return { csrPem: csr.toString('pem'), key };
}

/** CA, its present certificate for `OLD`, and a request for the new address as well. */
async function scene(caAlgorithm: Algorithm = RSA, keyAlgorithm: Algorithm = RSA) {
  const { certPem: caCertPem, key } = await clusterCa(caAlgorithm);
  const caKeyPem = pem(key, 'pkcs8');
  const common = { caCertPem, caKeyPem, nowMs: NOW, validForDays: 3650 };
  const present = await signServingCertificate({ ...common, csrPem: (await request(keyAlgorithm, OLD)).csrPem, allowed: OLD });
  if (!present.ok) throw new Error(present.why);
  const wanted = await request(keyAlgorithm, [...OLD, NEW]);
  const ask: ServingRequest = { ...common, csrPem: wanted.csrPem, currentCertPem: present.value, allowed: [NEW] };
  return { ask, caKey: key, wanted };
}

async function refusal(t: ExecutionContext, ask: ServingRequest): Promise<string> {
  const answer = await signServingCertificate(ask);
  t.false(answer.ok);
  return answer.ok ? '' : answer.why;
}

for (const [caName, caAlgorithm] of [
  ['RSA', RSA],
  ['ECDSA', EC],
] as const) {
  for (const [keyName, keyAlgorithm] of [
    ['RSA', RSA],
    ['ECDSA', EC],
  ] as const) {
    test(`an ${caName} CA signs for an ${keyName} key what openssl and Node find right`, async (t) => {
      const { ask, wanted } = await scene(caAlgorithm, keyAlgorithm);
      const answer = await signServingCertificate(ask);
      if (!answer.ok) return t.fail(answer.why);
      const certificate = new X509Certificate(answer.value);
      t.true(certificate.checkIssued(new X509Certificate(ask.caCertPem)));
      t.true(certificate.verify(createPublicKey(ask.caCertPem)));
      t.true(certificate.checkPrivateKey(wanted.key));
      t.false(certificate.ca);
      for (const name of [...OLD, NEW]) t.truthy(/^[\d.]+$/.test(name) ? certificate.checkIP(name) : certificate.checkHost(name), name);
      t.is(certificate.subject, 'C=CN\nST=HangZhou\nL=XS\nO=k8s\nOU=System\nCN=kubernetes');
      t.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2']);
      t.true(Math.abs(Date.parse(certificate.validTo) - (NOW + 3650 * DAY_MS)) < 2_000);
      const folder = mkdtempSync(join(tmpdir(), 'reberth-'));
      t.teardown(() => rm(folder, { recursive: true }));
      writeFileSync(join(folder, 'ca.pem'), ask.caCertPem);
      writeFileSync(join(folder, 'it.pem'), answer.value);
      for (const purpose of ['sslserver', 'sslclient']) {
        execFileSync('/usr/bin/openssl', ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', join(folder, 'ca.pem'), join(folder, 'it.pem')]);
      }
      const text = execFileSync('/usr/bin/openssl', ['x509', '-in', join(folder, 'it.pem'), '-noout', '-text'], { encoding: 'utf8' });
      t.regex(text, /Key Usage: critical\s+Digital Signature, Key Encipherment\n/);
      t.regex(text, /Authority Key Identifier:\s+(keyid:)?01:23:45:67/);
    });
  }
}

test('an independent library finds the RSA chain right', async (t) => {
  const { ask } = await scene(RSA, RSA);
  const answer = await signServingCertificate(ask);
  if (!answer.ok) return t.fail(answer.why);
  const store = forge.pki.createCaStore([ask.caCertPem]);
  t.true(forge.pki.verifyCertificateChain(store, [forge.pki.certificateFromPem(answer.value)]));
});

test("the CA's key is read as PKCS#1, SEC1 and PKCS#8", async (t) => {
  const rsa = await scene(RSA);
  const ec = await scene(EC);
  for (const [ask, key, type] of [
    [rsa.ask, rsa.caKey, 'pkcs1'],
    [rsa.ask, rsa.caKey, 'pkcs8'],
    [ec.ask, ec.caKey, 'sec1'],
    [ec.ask, ec.caKey, 'pkcs8'],
  ] as const) {
    t.like(await signServingCertificate({ ...ask, caKeyPem: pem(key, type) }), { ok: true }, type);
  }
});

test('it ends no later than the CA', async (t) => {
  const { certPem, key } = await clusterCa(EC, { notAfter: new Date(NOW + 100 * DAY_MS) });
  const { csrPem } = await request(EC, [NEW]);
  const answer = await signServingCertificate({
    csrPem,
    caCertPem: certPem,
    caKeyPem: pem(key, 'pkcs8'),
    allowed: [NEW],
    nowMs: NOW,
    validForDays: 3650,
  });
  if (!answer.ok) return t.fail(answer.why);
  t.is(new X509Certificate(answer.value).validTo, new X509Certificate(certPem).validTo);
});

test('a request that its own key did not sign is refused', async (t) => {
  const { ask } = await scene();
  const der = Buffer.from(ask.csrPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  der[der.length - 5] = (der[der.length - 5] ?? 0) ^ 1;
  const csrPem = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  t.regex(await refusal(t, { ...ask, csrPem }), /its signature is not by its own key/);
});

test('another subject than the present one is refused', async (t) => {
  const { ask } = await scene();
  for (const subject of ['O=system:masters, CN=kubernetes', SUBJECT.replace('CN=kubernetes', 'CN=kubernetes2'), `${SUBJECT}, O=system:masters`]) {
    const { csrPem } = await request(RSA, [NEW], { subject });
    t.regex(await refusal(t, { ...ask, csrPem }), /its subject is .*, and the present certificate's is /);
  }
});

test("without a present certificate, a subject of Kubernetes' own is refused", async (t) => {
  const { ask } = await scene();
  const { currentCertPem: _, ...alone } = ask;
  for (const subject of ['O=system:masters, CN=admin', 'CN=system:kube-controller-manager', 'O=k8s+O=system:nodes, CN=x']) {
    const { csrPem } = await request(RSA, [NEW], { subject });
    t.regex(await refusal(t, { ...alone, csrPem }), /which Kubernetes gives rights to/, subject);
  }
});

test('names that nobody allowed are refused, all of them named', async (t) => {
  const { ask } = await scene();
  const { csrPem } = await request(RSA, [...OLD, NEW, '203.0.113.9', 'evil.example']);
  const why = await refusal(t, { ...ask, csrPem });
  t.regex(why, /it asks for 203\.0\.113\.9, evil\.example, which/);
  t.false(why.includes(NEW));
  const { csrPem: wild } = await request(RSA, ['*.cluster.local']);
  t.regex(await refusal(t, { ...ask, csrPem: wild }), /\*\.cluster\.local/);
});

test('one address in two spellings is one address', async (t) => {
  const { ask } = await scene();
  const { csrPem } = await request(RSA, ['2001:db8:0:0:0:0:0:20', 'KUBERNETES']);
  t.like(await signServingCertificate({ ...ask, csrPem, allowed: ['2001:DB8::20'] }), { ok: true });
});

test('a request cannot ask for more than names: what else it carries is not copied', async (t) => {
  const { ask } = await scene();
  const extensions = [new x509.BasicConstraintsExtension(true, undefined, true), new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true)];
  const { csrPem } = await request(RSA, [NEW], { extensions });
  const answer = await signServingCertificate({ ...ask, csrPem });
  if (!answer.ok) return t.fail(answer.why);
  t.false(new X509Certificate(answer.value).ca);
});

test('no names, odd names, weak keys and nonsense are refused', async (t) => {
  const { ask } = await scene();
  t.regex(await refusal(t, { ...ask, csrPem: (await request(RSA, [])).csrPem }), /it names no address/);
  const email = new x509.SubjectAlternativeNameExtension([{ type: 'email', value: 'a@b.example' }]);
  t.regex(await refusal(t, { ...ask, csrPem: (await request(RSA, [], { extensions: [email] })).csrPem }), /email names/);
  t.regex(await refusal(t, { ...ask, csrPem: (await request({ ...RSA, modulusLength: 1024 }, [NEW])).csrPem }), /1024 bits/);
  t.regex(await refusal(t, { ...ask, csrPem: 'nonsense' }), /cannot sign this request/);
});

test('the CA is looked at before it signs', async (t) => {
  const right = await clusterCa(RSA);
  const other = await clusterCa(RSA);
  t.like(checkClusterCa(right.certPem, pem(right.key, 'pkcs1'), NOW), { ok: true });
  t.like(checkClusterCa(right.certPem, pem(other.key, 'pkcs1'), NOW), {
    ok: false,
    why: "cannot sign with the cluster's CA: the key does not belong to the certificate",
  });
  const expired = await clusterCa(EC, { notAfter: new Date(NOW - 1_000) });
  t.regex(JSON.stringify(checkClusterCa(expired.certPem, pem(expired.key, 'sec1'), NOW)), /it expired on/);
  const leaf = await clusterCa(EC, { ca: false });
  t.regex(JSON.stringify(checkClusterCa(leaf.certPem, pem(leaf.key, 'sec1'), NOW)), /not that of a CA/);
  t.regex(JSON.stringify(checkClusterCa(right.certPem, pem(right.key, 'pkcs1'), NOW - 2 * DAY_MS)), /not valid before/);
  const { ask } = await scene();
  t.regex(await refusal(t, { ...ask, caKeyPem: pem(other.key, 'pkcs1') }), /does not belong/);
});

test('no answer tells anything of a key', (t) => {
  const key = pem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey, 'pkcs1');
  const answer = JSON.stringify([checkClusterCa('nonsense', key, NOW), checkClusterCa(key, key.slice(0, 400), NOW)]);
  t.false(answer.includes(key.slice(100, 130)));
});
