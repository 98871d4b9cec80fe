import { findAddress } from '@reberth/agent/formats/places.ts';
import test from 'ava';

test('an address is found as a whole only', (t) => {
  const text = [
    '192.0.2.40',
    '192.0.2.4',
    'https://192.0.2.4:8443',
    '1192.0.2.4',
    '10.192.0.2.4',
    '192.0.2.4.5',
    '"192.0.2.4"',
    'at 192.0.2.4.',
    '192x0x2x4',
    '192.0.2.4/24',
    'master=192.0.2.4,192.0.2.5',
  ].join('\n');
  t.deepEqual(findAddress(text, '192.0.2.4'), [2, 3, 7, 8, 10, 11]);
});

test('lines are counted with either line ending, and once each', (t) => {
  t.deepEqual(findAddress('a\r\n192.0.2.4 192.0.2.4\r\nb\r\n192.0.2.4', '192.0.2.4'), [2, 4]);
});

test('names and IPv6 addresses are found as a whole, in either case', (t) => {
  const names = [
    'api.example.com',
    'API.example.com.',
    'xapi.example.com',
    'api.example.com.au',
    'my-api.example.com',
    'https://api.example.com:8443',
  ].join('\n');
  t.deepEqual(findAddress(names, 'api.example.com'), [1, 2, 6]);
  t.deepEqual(
    findAddress(['2001:db8::1', '[2001:DB8::1]:8443', '2001:db8::12', '12001:db8::1', '2001:db8::1/64'].join('\n'), '2001:db8::1'),
    [1, 2, 5],
  );
});
