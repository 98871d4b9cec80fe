import { judgeKeepalived } from '@reberth/agent/host/linux/config-checks.ts';
import test from 'ava';

const failed = (stderr: string) => ({ ok: false, stdout: '', stderr });

test('a kubeasz file whose scripts keepalived would not run is content all the same', (t) => {
  t.deepEqual(judgeKeepalived(failed('SECURITY VIOLATION - scripts are being executed but script_security not enabled.\n')), {
    available: true,
    problems: [],
  });
});

test('any other word of a failed check is a problem', (t) => {
  const words =
    'SECURITY VIOLATION - scripts are being executed but script_security not enabled.\n(/etc/x: Line 8) VRRP Error : VRID not valid - must be between 1 & 255. reconfigure !\n';
  t.deepEqual(judgeKeepalived(failed(words)), {
    available: true,
    problems: ['(/etc/x: Line 8) VRRP Error : VRID not valid - must be between 1 & 255. reconfigure !'],
  });
});

test('a keepalived too old to check is not available', (t) => {
  t.deepEqual(judgeKeepalived(failed("keepalived: invalid option -- 't'\nUsage: keepalived [OPTION...]\n")), { available: false, problems: [] });
});

test('words of a check that passed are no problem', (t) => {
  t.deepEqual(judgeKeepalived({ ok: true, stdout: '', stderr: 'a note\n' }), { available: true, problems: [] });
});

test('a check that ended without a word says nothing about the file', (t) => {
  t.deepEqual(judgeKeepalived(failed('Command failed: /usr/sbin/keepalived -t -f /etc/x\n')), { available: false, problems: [] });
});
