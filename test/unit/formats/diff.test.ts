import { diffOf, withoutSecrets } from '@reberth/agent/formats/diff.ts';
import test from 'ava';
import { ADMIN_KUBECONFIG, INVENTORY, KEEPALIVED_UNICAST } from './samples.ts';

test('a diff shows the change and its surroundings, and no secret among them', (t) => {
  const { path, diff } = diffOf('/root/.kube/config', ADMIN_KUBECONFIG, ADMIN_KUBECONFIG.replaceAll('1.39:', '1.40:'));
  t.is(path, '/root/.kube/config');
  t.true(diff.includes("-    server: 'https://192.168.1.39:8443'   # the VIP\n+    server: 'https://192.168.1.40:8443'   # the VIP\n"));
  t.notRegex(diff, /LS0t|Q0E=/);
});

test('secrets of every known file are hidden, in YAML, JSON, keepalived.conf, inventories and PEM', (t) => {
  const pem = '-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nabc\n-----END RSA PRIVATE KEY-----\n';
  t.is(withoutSecrets(pem), '-----BEGIN RSA PRIVATE KEY-----(not shown)-----END RSA PRIVATE KEY-----\n');
  t.is(withoutSecrets('a: 1\ntoken: >-\n   very\n   secret\nb: 2\n'), 'a: 1\ntoken: (not shown)\nb: 2\n');
  t.is(withoutSecrets('{"client-key-data": "LS0t", "a": 1}'), '{"client-key-data": (not shown), "a": 1}');
  t.false(withoutSecrets(KEEPALIVED_UNICAST).includes('s3cret7'));
  t.false(withoutSecrets(INVENTORY).includes('test1234'));
  t.false(withoutSecrets('BOOTSTRAP_TOKEN="d18f94b5fa585c7123f56803d925d2e7"').includes('d18f'));
});

test('a file that appears or goes is compared with nothing, and a change of secrets alone says so', (t) => {
  t.true(diffOf('/a', undefined, 'x\n').diff.startsWith('--- /dev/null\n+++ /a\n'));
  t.true(diffOf('/a', 'auth_pass a\n', 'auth_pass b\n').diff.endsWith('only what is not shown here differs\n'));
});
