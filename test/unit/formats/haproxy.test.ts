import { haproxyFrontends } from '@reberth/agent/formats/haproxy.ts';
import test from 'ava';
import { HAPROXY } from './samples.ts';

test('listen sections and frontends are read with their binds and servers', (t) => {
  t.deepEqual(haproxyFrontends(HAPROXY), {
    ok: true,
    value: [
      {
        name: 'kube-master',
        line: 11,
        binds: [{ address: '0.0.0.0', port: 8443 }],
        servers: [
          { name: 's1', address: '192.168.1.41', port: 6443 },
          { name: 's2', address: '192.168.1.42', port: 6443 },
        ],
      },
      {
        name: 'web',
        line: 19,
        binds: [
          { address: '*', port: 80 },
          { address: '::', port: 80 },
        ],
        servers: [{ name: 'p1', address: '192.168.1.50', port: 0 }],
      },
    ],
  });
});

test('a bind without a port and a line outside every section are problems with their lines', (t) => {
  t.like(haproxyFrontends(HAPROXY.replace('0.0.0.0:8443', '0.0.0.0')), {
    ok: false,
    problems: [{ line: 12, message: 'cannot read an address and a port from 0.0.0.0' }],
  });
  t.like(haproxyFrontends(`bind *:80\n${HAPROXY}`), { ok: false, problems: [{ line: 1, message: 'bind stands outside every section' }] });
});
