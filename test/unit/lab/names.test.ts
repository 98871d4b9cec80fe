import test from 'ava';
import { findHost, HOSTS } from '../../../lab/src/hosts.ts';
import { hostPlaceOf, placeOf } from '../../../lab/src/place.ts';

test('a host answers to its address, to its last part and, outside the cluster, to client', (t) => {
  t.is(findHost('.43'), findHost('192.0.2.43'));
  t.is(findHost('client').address, '192.0.2.100');
  t.throws(() => findHost('.46'), { message: 'cannot find host .46: the lab has .41, .42, .43, .44, .45, client' });
  t.throws(() => findHost('41'));
});

test('ports of every lab fit into the 15 characters that the kernel takes, and no two hosts of two labs share a machine name', (t) => {
  const names = ['a', 'default', 'test', 'test-1-20', 'test-1-20-b', 'a-rather-long-name-for-a-lab'];
  const places = names.flatMap((name) => HOSTS.map((host) => hostPlaceOf(placeOf(name), host)));
  t.deepEqual(
    places.filter(({ port }) => port.length > 15),
    [],
  );
  t.is(new Set(places.map(({ machine }) => machine)).size, places.length);
  t.is(new Set(places.map(({ cgroup }) => cgroup)).size, places.length);
});

test('a lab name that could lead out of its folder is refused', (t) => {
  for (const name of ['', '../x', 'a/b', 'A', '1a', 'a b', 'a'.repeat(33)]) t.throws(() => placeOf(name), { message: /^cannot use the lab name/ });
});
