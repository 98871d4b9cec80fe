import { readInventory, setVariables } from '@reberth/agent/formats/inventory.ts';
import test from 'ava';
import { INVENTORY } from './samples.ts';

const SET = [
  { name: 'MASTER_IP', from: '192.168.1.39', to: '192.168.1.40' },
  { name: 'KUBE_APISERVER', from: 'https://192.168.1.39:8443', to: 'https://192.168.1.40:8443' },
];

test('groups, hosts and variables are read, quotes and comments are not part of a value', (t) => {
  const result = readInventory(INVENTORY);
  const group = (name: string) => (result.ok ? result.value.find((each) => each.name === name) : undefined);
  t.deepEqual(group('etcd')?.hosts[1], { name: '192.168.1.42', vars: { NODE_NAME: 'etcd2', NODE_IP: '192.168.1.42' } });
  t.deepEqual(group('lb')?.vars, { master1: '192.168.1.41:6443', ROUTER_ID: '57', MASTER_PORT: '8443' });
  t.is(group('lb')?.hosts.length, 2);
  t.like(group('all')?.vars, {
    MASTER_IP: '192.168.1.39',
    KUBE_APISERVER: 'https://192.168.1.39:8443',
    DEPLOY_MODE: 'multi-master',
    BASIC_AUTH_PASS: 'test1234',
  });
  t.is(group('ungrouped'), undefined);
});

test('variables change in place; quotes, spacing, comments and order stay', (t) => {
  const wanted = INVENTORY.replace('MASTER_IP="192.168.1.39"', 'MASTER_IP="192.168.1.40"').replace(
    'https://192.168.1.39:8443',
    'https://192.168.1.40:8443',
  );
  t.deepEqual(setVariables(INVENTORY, 'all:vars', SET), { ok: true, value: wanted });
  t.deepEqual(setVariables(wanted, 'all:vars', SET), { ok: true, value: wanted });
  t.deepEqual(setVariables(INVENTORY.replaceAll('\n', '\r\n'), 'lb:vars', [{ name: 'ROUTER_ID', from: '57', to: '58' }]), {
    ok: true,
    value: INVENTORY.replaceAll('\n', '\r\n').replace('ROUTER_ID=57 ', 'ROUTER_ID=58 '),
  });
});

test('two values of one variable in a section are refused, and both lines are named', (t) => {
  const text = INVENTORY.replace('bin_dir=', 'MASTER_IP="192.168.1.38"\nbin_dir=');
  const wanted = { ok: false, problems: [{ line: 29, message: 'MASTER_IP has two values in [all:vars]: one here and another in line 26' }] };
  t.deepEqual(readInventory(text), wanted as never);
  t.deepEqual(setVariables(text, 'all:vars', SET), wanted as never);
});

test('the same value twice is no contradiction, and both are changed', (t) => {
  const text = INVENTORY.replace('bin_dir=', 'MASTER_IP=192.168.1.39\nbin_dir=');
  const result = setVariables(text, 'all:vars', SET);
  t.false(result.ok && result.value.includes('192.168.1.39'));
});

test('every value that is neither old nor new is named with its line, and so is one that is missing', (t) => {
  const result = setVariables(INVENTORY, 'all:vars', [...SET.map((change) => ({ ...change, from: 'x' })), { name: 'NOWHERE', from: 'a', to: 'b' }]);
  t.deepEqual(result.ok ? [] : result.problems, [
    { line: 26, message: 'MASTER_IP is 192.168.1.39, neither x nor 192.168.1.40' },
    { line: 27, message: 'KUBE_APISERVER is https://192.168.1.39:8443, neither x nor https://192.168.1.40:8443' },
    { line: 23, message: 'NOWHERE is not in [all:vars]' },
  ]);
  t.like(setVariables(INVENTORY, 'etc:vars', SET), { ok: false, problems: [{ line: 0, message: 'there is no section [etc:vars]' }] });
});

test('a section that cannot be read is named with its line', (t) => {
  t.like(readInventory(INVENTORY.replace('[lb:vars]', '[lb:vars')), {
    ok: false,
    problems: [{ line: 15, message: 'cannot read the section [lb:vars' }],
  });
  t.like(readInventory(INVENTORY.replace('ROUTER_ID=57 ', 'ROUTER_ID 57 ')), { ok: false, problems: [{ line: 17 }] });
});
