import { establishedTcp } from '@reberth/agent/probes/tcp-table.ts';
import test from 'ava';

const HEADER = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const row = (local: string, remote: string, state = '01', inode = '4711') =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0000000000000000 20 4 30 10 -1\n`;

test('reads an established IPv4 connection', (t) => {
  t.deepEqual(establishedTcp(HEADER + row('2C0200C0:D431', '270200C0:20FB')), [
    { local: '192.0.2.44:54321', remote: '192.0.2.39:8443', inode: '4711' },
  ]);
});

test('shows an IPv4 client of a dual-stack listener by its IPv4 address', (t) => {
  const [connection] = establishedTcp(HEADER + row('0000000000000000FFFF0000290200C0:192B', '0000000000000000FFFF00002D0200C0:9C40'));
  t.like(connection, { local: '192.0.2.41:6443', remote: '192.0.2.45:40000' });
});

test('writes IPv6 addresses short and in brackets', (t) => {
  const [connection] = establishedTcp(HEADER + row('00000000000000000000000001000000:192B', 'B80D0120000000000000000039000000:20FB'));
  t.like(connection, { local: '[::1]:6443', remote: '[2001:db8::39]:8443' });
});

test('leaves out what is not established, and lines that are no rows', (t) => {
  t.deepEqual(establishedTcp(`${HEADER}${row('2C0200C0:D431', '270200C0:20FB', '06')}${row('00000000:20FB', '00000000:0000', '0A')}nonsense\n`), []);
});
