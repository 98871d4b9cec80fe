import { listenOf, natsServerConfig } from '@reberth/coordinator/broker/config.ts';
import { knowsSyncAlways } from '@reberth/coordinator/broker/version.ts';
import { hostId } from '@reberth/protocol/ids.ts';
import test from 'ava';

const options = {
  cluster: 'kubeasz',
  hosts: ['192.0.2.41', '192.0.2.42'].map(hostId),
  listen: '[2001:db8::1]:4222',
  caFile: '/ca',
  certFile: '/crt',
  keyFile: '/key',
  stateFolder: '/state',
};
const configOf = (more: Partial<Parameters<typeof natsServerConfig>[0]> = {}) =>
  JSON.parse(natsServerConfig({ ...options, ...more })) as Record<string, unknown>;

test('certificates decide who is who, and there is no user for anybody else', (t) => {
  const config = configOf();
  t.like(config, { host: '2001:db8::1', port: 4222, tls: { verify_and_map: true, ca_file: '/ca' }, jetstream: { store_dir: '/state/jetstream' } });
  const { users, ...rest } = config['authorization'] as { readonly users: readonly { readonly user: string }[] };
  t.deepEqual(
    users.map(({ user }) => user),
    ['CN=coordinator', 'CN=agent.192-0-2-41', 'CN=agent.192-0-2-42'],
  );
  t.deepEqual(rest, {});
  t.false('no_auth_user' in config);
});

test('a host may do what bears its own name', (t) => {
  const { users } = configOf()['authorization'] as { readonly users: readonly unknown[] };
  t.deepEqual(users[1], {
    user: 'CN=agent.192-0-2-41',
    permissions: {
      publish: {
        allow: [
          'reberth.v1.kubeasz.report.192-0-2-41',
          'reberth.v1.kubeasz.health.192-0-2-41',
          '$JS.API.DIRECT.GET.reberth_asks_kubeasz.reberth.v1.kubeasz.ask.192-0-2-41',
        ],
      },
      subscribe: { allow: ['reberth.v1.kubeasz.ask.192-0-2-41', 'reberth.v1.kubeasz.query.192-0-2-41', '_INBOX_192-0-2-41.>'] },
      allow_responses: { max: 1, expires: '2m' },
    },
  });
});

test('monitoring is off, or on loopback', (t) => {
  t.false('http' in configOf());
  t.is(configOf({ monitorPort: 8222 })['http'], '127.0.0.1:8222');
});

test('each write goes to disk where the server knows how', (t) => {
  t.like(configOf({ syncAlways: true }), { jetstream: { sync_interval: 'always' } });
  t.false('sync_interval' in (configOf()['jetstream'] as object));
  t.deepEqual(['2.9.10', '2.10.0', '2.15.1', '3.0.0', '1.99.0'].map(knowsSyncAlways), [false, true, true, true, false]);
});

test('hosts that are one name on the wire are refused', (t) => {
  t.throws(() => configOf({ hosts: ['a.b', 'a-b'].map(hostId) }), { message: /cannot tell hosts a\.b and a-b apart/ });
  t.throws(() => configOf({ hosts: [hostId('coordinator')] }), { message: /the coordinator and coordinator apart/ });
  t.throws(() => configOf({ hosts: [hostId('*')] }), { message: /as a name on the wire/ });
});

test('brackets belong to the text, not to the address', (t) => {
  t.deepEqual(listenOf('[::1]:4222'), { host: '::1', port: 4222 });
  t.deepEqual(listenOf('192.0.2.41:4222'), { host: '192.0.2.41', port: 4222 });
});
