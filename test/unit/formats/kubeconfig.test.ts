import { readKubeconfig, setServer } from '@reberth/agent/formats/kubeconfig.ts';
import test from 'ava';
import { ADMIN_KUBECONFIG, KUBELET_KUBECONFIG } from './samples.ts';

const FROM = 'https://192.168.1.39:8443';
const TO = 'https://192.168.1.40:8443';

test('a kubeconfig is read by its current context, and says what kind its user is', (t) => {
  t.deepEqual(readKubeconfig(KUBELET_KUBECONFIG), {
    ok: true,
    value: { currentContext: 'default-context', cluster: 'default-cluster', server: FROM, user: 'default-auth', userKind: 'certificate-files' },
  });
  t.like(readKubeconfig(ADMIN_KUBECONFIG), { ok: true, value: { cluster: 'kubernetes', user: 'admin', userKind: 'certificate' } });
});

test('only the server of the current context changes, whatever the quotes, comments and line endings', (t) => {
  const at = ADMIN_KUBECONFIG.lastIndexOf(FROM);
  const wanted = ADMIN_KUBECONFIG.slice(0, at) + TO + ADMIN_KUBECONFIG.slice(at + FROM.length);
  t.deepEqual(setServer(ADMIN_KUBECONFIG, FROM, TO), { ok: true, value: wanted });
  const crlf = (text: string) => text.replaceAll('\n', '\r\n').trimEnd();
  t.deepEqual(setServer(crlf(ADMIN_KUBECONFIG), FROM, TO), { ok: true, value: crlf(wanted) });
  t.deepEqual(setServer(`\uFEFF${KUBELET_KUBECONFIG}`, FROM, TO), { ok: true, value: `\uFEFF${KUBELET_KUBECONFIG.replace(FROM, TO)}` });
});

test('the other context has its own cluster, in flow style', (t) => {
  const other = ADMIN_KUBECONFIG.replace('current-context: kubernetes', 'current-context: other');
  t.deepEqual(setServer(other, FROM, TO), { ok: true, value: other.replace(FROM, TO) });
});

test('a kubeconfig in JSON is edited as well', (t) => {
  const json = JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'a',
      contexts: [{ name: 'a', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: FROM } }],
      users: [{ name: 'u', user: { token: 'x' } }],
    },
    null,
    '\t',
  );
  t.like(readKubeconfig(json), { ok: true, value: { userKind: 'token' } });
  t.deepEqual(setServer(json, FROM, TO), { ok: true, value: json.replace(FROM, TO) });
});

test('a slash after the port stays, and a server that is there already stays too', (t) => {
  const slash = KUBELET_KUBECONFIG.replace(FROM, `${FROM}/`);
  t.deepEqual(setServer(slash, FROM, TO), { ok: true, value: slash.replace(FROM, TO) });
  t.deepEqual(setServer(KUBELET_KUBECONFIG, TO, FROM), { ok: true, value: KUBELET_KUBECONFIG });
});

test('a server on a third address is refused with its line', (t) => {
  t.deepEqual(setServer(KUBELET_KUBECONFIG, 'https://192.168.1.3:8443', TO), {
    ok: false,
    problems: [{ line: 5, message: `server of cluster default-cluster is ${FROM}, neither https://192.168.1.3:8443 nor ${TO}` }],
  });
});

test('broken kubeconfigs name the line and the reason', (t) => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    [KUBELET_KUBECONFIG.replace('    server:', '\tserver:'), 5, /not YAML/],
    [KUBELET_KUBECONFIG.replace('current-context: default-context', 'current-context: gone'), 13, /current-context gone is not among the contexts/],
    [KUBELET_KUBECONFIG.replace('current-context: default-context', 'current-context: ""'), 13, /current-context is empty/],
    [KUBELET_KUBECONFIG.replace('current-context: default-context\n', ''), 1, /current-context is missing/],
    [
      KUBELET_KUBECONFIG.replace('    cluster: default-cluster', '    cluster: nowhere'),
      9,
      /cluster nowhere of context default-context is not among the clusters/,
    ],
    [KUBELET_KUBECONFIG.replace(`    server: ${FROM}\n`, ''), 4, /server is missing/],
    [`${KUBELET_KUBECONFIG}---\na: 1\n`, 22, /second YAML document/],
    ['', 0, /empty/],
    ['just words', 1, /not a kubeconfig/],
    [ADMIN_KUBECONFIG.replace('name: other\n- cluster:', 'name: kubernetes\n- cluster:'), 5, /kubernetes stands twice/],
    [KUBELET_KUBECONFIG.replace('kind: Config', 'kind: Config\nkind: Config'), 15, /not YAML/],
  ];
  for (const [text, line, message] of cases) {
    const result = readKubeconfig(text);
    if (result.ok) t.fail(`read although ${message}`);
    else {
      t.is(result.problems[0]?.line, line, `${message} ${JSON.stringify(result.problems)}`);
      t.regex(result.problems[0]?.message ?? '', message);
    }
  }
});

test('a server that is shared by an alias is not changed', (t) => {
  const shared = ADMIN_KUBECONFIG.replace("server: 'https", "server: &vip 'https")
    .replace('{certificate-authority-data: Q0E=, server: "https://192.168.1.39:8443"}', '{}')
    .replace('preferences', 'p');
  const twice = `${shared}again: *vip\n`;
  t.like(setServer(twice, FROM, TO), { ok: false, problems: [{ message: 'the server is written in a way that cannot be changed alone' }] });
});

test('what is quoted of a broken kubeconfig is no secret', (t) => {
  for (const broken of [
    '  token: abc"s3cret\n',
    '  s3cret\n',
    '- s3cret\n',
    '"s3cret" "s3cret"\n',
    '  a: {s3cret\n',
    '  "s3cret\n',
    '%s3cret\n',
    '  token: @s3cret\n',
    '  token: "\\s3cret"\n',
  ]) {
    const result = readKubeconfig(`${ADMIN_KUBECONFIG}${broken}`);
    t.notRegex(JSON.stringify(result), /s3cret/);
  }
});
