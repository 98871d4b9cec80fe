/** The faults, each a few lines against a host of the lab, and nothing about when or why. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lab } from '../../lab/src/index.ts';
import { NEW } from '../support/lab/cluster.ts';

export const COORDINATOR = '.41';
const BROKER = '/var/lib/reberth-coordinator/broker';

const must = async (lab: Lab, host: string, ...argv: readonly string[]): Promise<string> => {
  const { code, stdout, stderr } = await lab.exec(host, argv);
  if (code !== 0) throw new Error(`cannot run ${argv.join(' ')} on ${host}: ${stderr}`);
  return stdout;
};

/** SIGKILL to the main process alone, as the kernel does when memory is short. */
export async function kill(lab: Lab, host: string, unit: string): Promise<void> {
  await must(lab, host, '/usr/bin/systemctl', 'kill', '--kill-whom=main', '--signal=SIGKILL', unit);
}

export async function powerCycle(lab: Lab, host: string, offMs = 10_000): Promise<void> {
  await lab.powerOff(host);
  await sleep(offMs);
  await lab.powerOn(host);
}

export async function cutOff(lab: Lab, host: string, forMs = 20_000): Promise<void> {
  await lab.partition(COORDINATOR, host);
  await sleep(forMs);
  await lab.heal();
}

export async function killBroker(lab: Lab): Promise<void> {
  const pid = (await must(lab, COORDINATOR, '/bin/cat', `${BROKER}/nats-server.pid`)).trim();
  await must(lab, COORDINATOR, '/bin/kill', '-9', pid);
}

export async function wipeBroker(lab: Lab): Promise<void> {
  await must(lab, COORDINATOR, '/bin/rm', '-r', `${BROKER}/jetstream`);
}

const dropIn = (unit: string): string => `/etc/systemd/system/${unit}.service.d/broken.conf`;

/** The unit still starts with the old address and fails with the new one: what a bad certificate or a firewall would do. */
export async function breakKubelet(lab: Lab, host: string): Promise<void> {
  await lab.writeFile(host, dropIn('kubelet'), `[Service]\nExecStartPre=/bin/sh -c '! grep -q ${NEW} /etc/kubernetes/kubelet.kubeconfig'\n`);
  await must(lab, host, '/usr/bin/systemctl', 'daemon-reload');
}

export async function mendKubelet(lab: Lab, host: string): Promise<void> {
  await dropDropIn(lab, host, 'kubelet');
  await must(lab, host, '/usr/bin/systemctl', 'reset-failed', 'kubelet');
  await must(lab, host, '/usr/bin/systemctl', 'restart', 'kubelet');
}

/** A reload that fails, whatever is in the file. */
export async function breakReload(lab: Lab, host: string, unit: string): Promise<void> {
  await lab.writeFile(host, dropIn(unit), '[Service]\nExecReload=\nExecReload=/bin/false\n');
  await must(lab, host, '/usr/bin/systemctl', 'daemon-reload');
}

export async function dropDropIn(lab: Lab, host: string, unit: string): Promise<void> {
  await must(lab, host, '/bin/rm', '-rf', `/etc/systemd/system/${unit}.service.d`);
  await must(lab, host, '/usr/bin/systemctl', 'daemon-reload');
}

/** A keepalived whose test of a file refuses; the one that runs is untouched. */
export async function refuseFiles(lab: Lab, host: string): Promise<void> {
  await must(lab, host, '/bin/mv', KEEPALIVED, `${KEEPALIVED}.real`);
  const script = `#!/bin/sh\nfor word; do case "$word" in -t|--config-test*) echo 'refused for a test' >&2; exit 1;; esac; done\nexec ${KEEPALIVED}.real "$@"\n`;
  await lab.writeFile(host, KEEPALIVED, script, 0o755);
}

export async function acceptFiles(lab: Lab, host: string): Promise<void> {
  if ((await lab.exec(host, ['/usr/bin/test', '-e', `${KEEPALIVED}.real`])).code !== 0) return;
  await must(lab, host, '/bin/mv', `${KEEPALIVED}.real`, KEEPALIVED);
}

const KEEPALIVED = '/usr/sbin/keepalived';

export async function stopUnit(lab: Lab, hosts: readonly string[], unit: string): Promise<void> {
  await Promise.all(hosts.map((host) => must(lab, host, '/usr/bin/systemctl', 'stop', unit)));
}

export async function startUnit(lab: Lab, hosts: readonly string[], unit: string): Promise<void> {
  await Promise.all(hosts.map((host) => must(lab, host, '/usr/bin/systemctl', 'start', unit)));
}

/** ctrl-C in the terminal of the operator who applies. */
export async function interruptApply(lab: Lab): Promise<void> {
  const pids = (await must(lab, COORDINATOR, '/usr/bin/pgrep', '-f', 'cli.cjs apply')).trim().split('\n');
  for (const pid of pids) await lab.exec(COORDINATOR, ['/bin/kill', '-INT', pid]);
}
