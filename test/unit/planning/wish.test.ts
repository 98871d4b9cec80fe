import { parseWish, type WishText } from '@reberth/coordinator/planning/wish.ts';
import test from 'ava';

const wish = (change: Partial<WishText> = {}): WishText => ({
  to: '192.0.2.40',
  strategy: 'rolling',
  inventory: '',
  routerId: undefined,
  batch: undefined,
  soakMs: undefined,
  confirmWithinMs: undefined,
  acceptStragglers: false,
  narrowCertificates: false,
  ...change,
});
const reasons = (change: Partial<WishText>) => {
  const parsed = parseWish(wish(change));
  return parsed.ok ? [] : parsed.reasons;
};

test('an address that no host can serve to others is refused, with its kind', (t) => {
  t.regex(reasons({ to: '0.0.0.0' }).join(), /of this network only/);
  t.regex(reasons({ to: '127.0.0.1' }).join(), /loopback/);
  t.regex(reasons({ to: '169.254.1.1' }).join(), /link-local/);
  t.regex(reasons({ to: '224.0.0.18:8443' }).join(), /multicast/);
  t.regex(reasons({ to: '255.255.255.255' }).join(), /reserved/);
  t.deepEqual(reasons({ to: '192.0.2.40' }), []);
  t.deepEqual(reasons({ to: '10.0.0.1:8443' }), []);
});

test('everything that is wrong with a wish is told at once', (t) => {
  t.is(reasons({ to: 'banana', routerId: 300, batch: 0, confirmWithinMs: 1_000 }).length, 4);
});

test('an inventory that agents would not read is refused before anybody is asked', (t) => {
  t.deepEqual(reasons({ inventory: '/root/hosts' }), ['--inventory /root/hosts is not below /etc/ansible/, where agents read inventories']);
  t.deepEqual(reasons({ inventory: '/etc/ansible/clusters/one' }), []);
});
