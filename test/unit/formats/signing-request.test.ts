import { readSigningRequest, setHosts } from '@reberth/agent/formats/signing-request.ts';
import test from 'ava';
import { SIGNING_REQUEST } from './samples.ts';

const hostsAfter = (text: string, change: { remove: string[]; add: string[] }) => {
  const result = setHosts(text, change);
  const read = result.ok ? readSigningRequest(result.value) : result;
  return read.ok ? read.value.hosts : read.problems;
};
const list = (...hosts: string[]) => JSON.stringify({ CN: 'x', hosts });

test('a request is read', (t) => {
  t.like(readSigningRequest(SIGNING_REQUEST), { ok: true, value: { cn: 'kubernetes' } });
});

test('a new host takes the place of the old one, and the rest stays byte for byte', (t) => {
  const wanted = SIGNING_REQUEST.replace('192.168.1.39', '192.168.1.40');
  const change = { remove: ['192.168.1.39'], add: ['192.168.1.40'] };
  t.deepEqual(setHosts(SIGNING_REQUEST, change), { ok: true, value: wanted });
  t.deepEqual(setHosts(wanted, change), { ok: true, value: wanted });
  t.deepEqual(setHosts(SIGNING_REQUEST.replaceAll('\n', '\r\n'), change), { ok: true, value: wanted.replaceAll('\n', '\r\n') });
});

test('a host is added at the end, laid out as the others are', (t) => {
  t.deepEqual(setHosts(SIGNING_REQUEST, { remove: [], add: ['192.168.1.40'] }), {
    ok: true,
    value: SIGNING_REQUEST.replace('"kubernetes.default"\n', '"kubernetes.default",\n    "192.168.1.40"\n'),
  });
  t.deepEqual(hostsAfter(list('a'), { remove: [], add: ['b', 'c'] }), ['a', 'b', 'c']);
  t.deepEqual(hostsAfter(list(), { remove: [], add: ['b', 'c'] }), ['b', 'c']);
});

test('hosts are removed from any place of the list', (t) => {
  const four = list('a', 'b', 'c', 'd');
  for (let bits = 0; bits < 16; bits += 1) {
    const remove = ['a', 'b', 'c', 'd'].filter((_, index) => (bits >> index) & 1);
    const left = ['a', 'b', 'c', 'd'].filter((host) => !remove.includes(host));
    t.deepEqual(hostsAfter(four, { remove, add: [] }), left, `removing ${remove.join()}`);
    t.deepEqual([...hostsAfter(four, { remove, add: ['x', 'y'] })].sort(), [...left, 'x', 'y'].sort(), `removing ${remove.join()} for two`);
  }
});

test('what is no request is refused with line and reason', (t) => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    [SIGNING_REQUEST.replace('"127.0.0.1",', '"127.0.0.1"'), 5, /comma or \]/],
    [SIGNING_REQUEST.replace('"hosts"', '"host"'), 1, /hosts is missing/],
    [SIGNING_REQUEST.replace('"10.68.0.1"', '10'), 7, /not a text/],
    [SIGNING_REQUEST.replace('"CN": "kubernetes",', '"CN": "kubernetes",\n  "hosts": [],'), 4, /stands twice: here and in line 3/],
    [SIGNING_REQUEST.replace(/\}\n$/, ''), 18, /comma or \}/],
    ['[]', 1, /no keys/],
  ];
  for (const [text, line, message] of cases) {
    const result = setHosts(text, { remove: ['192.168.1.39'], add: ['192.168.1.40'] });
    t.is(result.ok ? undefined : result.problems[0]?.line, line, String(message));
    t.regex(result.ok ? '' : (result.problems[0]?.message ?? ''), message);
  }
});
