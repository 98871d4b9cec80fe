import { parseConfig } from '@reberth/coordinator/config.ts';
import { ReberthError } from '@reberth/protocol/errors.ts';
import test from 'ava';

const small = { cluster: 'kubeasz', address: '192.0.2.41', hosts: ['192.0.2.41', '192.0.2.42'], masters: ['192.0.2.41:6443', '[2001:db8::1]:6443'] };
const parse = (value: unknown) => parseConfig(JSON.stringify(value), '/etc/reberth/coordinator.json');

function reasonsOf(value: unknown): readonly string[] {
  try {
    parse(value);
  } catch (error) {
    if (error instanceof ReberthError && error.code === 'config-invalid') return error.reasons;
    throw error;
  }
  return [];
}

test('a small file gets its defaults', (t) => {
  const config = parse(small);
  t.deepEqual(config.broker, { kind: 'own', listen: '192.0.2.41:4222', program: '/usr/sbin/nats-server' });
  t.deepEqual(config.servers, ['192.0.2.41:4222']);
  t.deepEqual(config.masters, [
    { address: '192.0.2.41', port: 6443 },
    { address: '2001:db8::1', port: 6443 },
  ]);
  t.is(config.listen, '127.0.0.1:7443');
  t.is(config.pki.signingKeyFile, '/etc/reberth/pki/signing.key');
  t.deepEqual(config.pki.broker, { certFile: '/etc/reberth/pki/broker.crt', keyFile: '/etc/reberth/pki/broker.key' });
});

test('a whole file is taken as it says', (t) => {
  const config = parse({
    ...small,
    listen: '192.0.2.41:7443',
    broker: { listen: '192.0.2.41:4333', program: '/opt/nats-server' },
    kubeconfig: '/k',
    caFile: '/ca',
    caKeyFile: '/ca-key',
    pki: '/pki',
    stateFolder: '/state',
    logLevel: 'debug',
  });
  t.deepEqual(config.broker, { kind: 'own', listen: '192.0.2.41:4333', program: '/opt/nats-server' });
  t.deepEqual(config.servers, ['192.0.2.41:4333']);
  t.like(config, { listen: '192.0.2.41:7443', kubeconfig: '/k', caFile: '/ca', caKeyFile: '/ca-key', stateFolder: '/state', logLevel: 'debug' });
});

test('servers of somebody else are dialled, and no broker is started', (t) => {
  const config = parse({ ...small, broker: { servers: ['192.0.2.7:4222', '192.0.2.8:4222'] } });
  t.deepEqual(config.broker, { kind: 'external' });
  t.deepEqual(config.servers, ['192.0.2.7:4222', '192.0.2.8:4222']);
});

test('every problem is told at once, each with its key and its value', (t) => {
  const reasons = reasonsOf({
    address: 'a b',
    hosts: ['192.0.2.41', 'x/y'],
    masters: ['192.0.2.41'],
    listen: 'x',
    broker: { listen: 'nowhere' },
    caFile: 'ca.pem',
    logLevel: 'loud',
    loglevel: 'info',
  });
  const wanted = [
    /^cluster: is missing$/,
    /^address: must be letters.*\(is "a b"\)$/,
    /^hosts\.1: must be letters.*\(is "x\/y"\)$/,
    /^masters\.0: must be address:port \(is "192\.0\.2\.41"\)$/,
    /^listen: must be address:port \(is "x"\)$/,
    /^loglevel: no such key$/,
    /^broker\.listen: must be address:port \(is "nowhere"\)$/,
    /^caFile: must be an absolute path \(is "ca\.pem"\)$/,
    /^logLevel: must be debug, info, warn or error \(is "loud"\)$/,
  ];
  for (const pattern of wanted)
    t.true(
      reasons.some((reason) => pattern.test(reason)),
      `${pattern} among ${reasons.join(' | ')}`,
    );
  t.is(reasons.length, wanted.length, reasons.join(' | '));
});

test('contradictions and lookalikes are problems', (t) => {
  t.regex(reasonsOf({ ...small, broker: { servers: ['a:1'], listen: 'b:2' } })[0] ?? '', /^broker\.listen: contradicts broker\.servers/);
  t.regex(reasonsOf({ ...small, hosts: ['a.b', 'a-b'] })[0] ?? '', /^hosts: names a-b twice, or something that looks the same/);
  t.regex(reasonsOf({ ...small, broker: { listen: '0.0.0.0:4222' } })[0] ?? '', /^broker\.listen: must be the one address that hosts dial/);
  t.regex(reasonsOf({ ...small, hosts: [] })[0] ?? '', /^hosts: must name at least one/);
  t.regex(reasonsOf({ ...small, listen: '127.0.0.1:70000' })[0] ?? '', /^listen: must be address:port/);
});

test('what is not JSON, or not an object, is told as such', (t) => {
  t.throws(() => parseConfig('{', '/x.json'), { message: 'cannot use /x.json: it is not JSON' });
  t.regex(reasonsOf('text')[0] ?? '', /^the whole: must be Object/);
});

test('a replicated journal needs servers of its own', (t) => {
  t.is(parse(small).store, 'file');
  t.is(parse({ ...small, store: 'jetstream', broker: { servers: ['a:1', 'b:1', 'c:1'] } }).store, 'jetstream');
  t.regex(reasonsOf({ ...small, store: 'jetstream' })[0] ?? '', /^store: jetstream needs broker\.servers/);
  t.regex(reasonsOf({ ...small, store: 'sqlite' })[0] ?? '', /^store: must be file or jetstream/);
});
