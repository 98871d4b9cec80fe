import { addVrrpInstance, keepalivedIncludes, removeVrrpInstance, vrrpInstances } from '@reberth/agent/formats/keepalived.ts';
import test from 'ava';
import { KEEPALIVED_MASTER, KEEPALIVED_UNICAST } from './samples.ts';

const NEW = { like: 'VI-kube-master', name: 'VI-kube-master-r58', virtualRouterId: 58, address: '192.168.1.40' };
const value = <T>(result: { ok: true; value: T } | { ok: false; problems: readonly { line: number; message: string }[] }): T => {
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.value;
};
const firstProblem = (result: ReturnType<typeof addVrrpInstance>) => (result.ok ? undefined : result.problems[0]);

test('an instance is read with its line and its addresses with theirs', (t) => {
  t.deepEqual(value(vrrpInstances(KEEPALIVED_MASTER)), [
    {
      name: 'VI-kube-master',
      line: 11,
      state: 'MASTER',
      networkInterface: 'eth0',
      virtualRouterId: 57,
      priority: 120,
      advertIntS: 3,
      addresses: [{ address: '192.168.1.39', line: 22 }],
      excluded: [],
      unicastPeers: [],
    },
  ]);
});

test('a brace on its own line, a one-line block, prefixes and comments are understood', (t) => {
  t.like(value(vrrpInstances(KEEPALIVED_UNICAST))[0], {
    name: 'VI_1',
    virtualRouterId: 222,
    unicastPeers: ['192.168.1.7'],
    excluded: [{ address: '192.168.1.37', line: 19 }],
  });
  t.deepEqual(
    value(vrrpInstances(KEEPALIVED_UNICAST))[0]?.addresses.map(({ address }) => address),
    ['192.168.1.39', '192.168.1.38'],
  );
});

test('a brace that is never closed is named with the line that opened it', (t) => {
  const unclosed = KEEPALIVED_MASTER.replace('    weight -30\n}\n', '    weight -30\n');
  t.deepEqual(vrrpInstances(unclosed), {
    ok: false,
    problems: [{ line: 5, message: 'the brace opened here by vrrp_script check-haproxy is never closed' }],
  });
  t.deepEqual(vrrpInstances(KEEPALIVED_MASTER.trimEnd().slice(0, -1)), {
    ok: false,
    problems: [{ line: 11, message: 'the brace opened here by vrrp_instance VI-kube-master is never closed' }],
  });
  t.like(vrrpInstances(`${KEEPALIVED_MASTER}}\n`), { ok: false, problems: [{ line: 25, message: 'this closing brace closes nothing' }] });
});

test('values that keepalived would not take are problems with their lines', (t) => {
  const text = KEEPALIVED_MASTER.replace('virtual_router_id 57', 'virtual_router_id 300').replace('192.168.1.39', '192.168.1.399');
  const result = vrrpInstances(text);
  t.deepEqual(result.ok ? [] : result.problems.map(({ line }) => line), [16, 22]);
});

test('an added instance copies all but name, router id and address, and leaves the rest as it was', (t) => {
  const block = KEEPALIVED_MASTER.slice(KEEPALIVED_MASTER.indexOf('vrrp_instance'));
  const copy = block.replace('VI-kube-master', 'VI-kube-master-r58').replace('_id 57', '_id 58').replace('192.168.1.39', '192.168.1.40');
  t.is(value(addVrrpInstance(KEEPALIVED_MASTER, NEW)), `${KEEPALIVED_MASTER}\n${copy}`);
});

test('an added instance keeps prefix, device and scripts, and takes over neither other addresses nor remarks about them', (t) => {
  const added = value(addVrrpInstance(KEEPALIVED_UNICAST, { ...NEW, like: 'VI_1', virtualRouterId: 223 }));
  t.true(added.startsWith(`${KEEPALIVED_UNICAST}\n\n`));
  t.false(added.endsWith('\n'));
  const copy = added.slice(KEEPALIVED_UNICAST.length);
  t.true(copy.includes('    192.168.1.40/24 dev eth0 label eth0:vip'));
  t.true(copy.includes('notify_master "/usr/local/bin/tell master"'));
  t.true(copy.includes('auth_pass s3cret7'));
  t.regex(copy, /unicast_src_ip 192\.168\.1\.6/);
  t.notRegex(copy, /192\.168\.1\.3[789]|excluded/);
  t.like(value(vrrpInstances(added))[1], { name: NEW.name, virtualRouterId: 223, addresses: [{ address: '192.168.1.40' }], excluded: [] });
});

test('adding twice is adding once, and removing gives back the same bytes', (t) => {
  const crlf = KEEPALIVED_MASTER.replaceAll('\n', '\r\n');
  for (const [text, like] of [
    [KEEPALIVED_MASTER, 'VI-kube-master'],
    [KEEPALIVED_UNICAST, 'VI_1'],
    [crlf, 'VI-kube-master'],
    [crlf.trimEnd(), 'VI-kube-master'],
    [`  ${KEEPALIVED_MASTER}# end`, 'VI-kube-master'],
  ] as const) {
    const added = value(addVrrpInstance(text, { ...NEW, like }));
    t.is(value(addVrrpInstance(added, { ...NEW, like })), added);
    t.is(value(removeVrrpInstance(added, { name: NEW.name })), text);
    t.is(value(removeVrrpInstance(text, { name: NEW.name })), text);
  }
  t.notRegex(value(addVrrpInstance(crlf, NEW)), /[^\r]\n/);
});

test('the old instance can be removed and the new one stays', (t) => {
  const added = value(addVrrpInstance(KEEPALIVED_MASTER, NEW));
  const narrowed = value(removeVrrpInstance(added, { name: 'VI-kube-master' }));
  t.deepEqual(
    value(vrrpInstances(narrowed)).map(({ name, addresses }) => [name, addresses[0]?.address]),
    [['VI-kube-master-r58', '192.168.1.40']],
  );
  t.true(narrowed.startsWith(KEEPALIVED_MASTER.slice(0, KEEPALIVED_MASTER.indexOf('\nvrrp_instance'))));
});

test('what cannot be added is refused with line and reason', (t) => {
  t.like(firstProblem(addVrrpInstance(KEEPALIVED_MASTER, { ...NEW, like: 'VI_9' })), { line: 0, message: 'there is no vrrp_instance VI_9' });
  t.like(firstProblem(addVrrpInstance(KEEPALIVED_MASTER, { ...NEW, virtualRouterId: 57 })), {
    line: 11,
    message: 'router id 57 belongs to instance VI-kube-master',
  });
  t.like(firstProblem(addVrrpInstance(KEEPALIVED_MASTER, { ...NEW, address: '192.168.1.39' })), { line: 22 });
  t.like(firstProblem(addVrrpInstance(KEEPALIVED_MASTER, { ...NEW, address: '2001:db8::1' })), { line: 22 });
  t.like(firstProblem(addVrrpInstance(KEEPALIVED_MASTER, { ...NEW, name: 'VI-kube-master' })), { line: 11 });
  const routes = KEEPALIVED_MASTER.replace(
    '    virtual_ipaddress {',
    '    virtual_routes {\n        10.0.0.0/8 via 192.168.1.1\n    }\n    virtual_ipaddress {',
  );
  t.like(firstProblem(addVrrpInstance(routes, NEW)), { line: 21, message: 'cannot copy virtual_routes into another instance' });
});

test('an instance in a sync group is not removed', (t) => {
  const text = `${KEEPALIVED_MASTER}vrrp_sync_group G {\n  group {\n    VI-kube-master\n  }\n}\n`;
  t.like(firstProblem(removeVrrpInstance(text, { name: 'VI-kube-master' })), {
    line: 27,
    message: 'instance VI-kube-master is a member of a vrrp_sync_group',
  });
});

test('includes are listed', (t) => {
  t.deepEqual(value(keepalivedIncludes(`include /etc/keepalived/conf.d/*.conf\n${KEEPALIVED_MASTER}`)), ['/etc/keepalived/conf.d/*.conf']);
});
