/**
 * The disk that every host of every lab starts from: Debian with the programs of a cluster, and nothing of it running. Built once into
 * the cache, under the hash of all that it is made of, and never changed after: hosts that run look at it.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CACHE } from './place.ts';
import type { Progress } from './progress.ts';
import { must, run } from './run.ts';

const SUITE = 'bookworm';

const PACKAGES = [
  // a system
  ...['systemd', 'systemd-sysv', 'dbus', 'libpam-systemd', 'libnss-systemd', 'ca-certificates', 'mount', 'procps', 'psmisc', 'perl-base'],
  // a network
  ...['iproute2', 'iputils-ping', 'iputils-arping', 'nftables', 'iptables', 'conntrack', 'ipset', 'ethtool', 'socat', 'curl', 'openssl'],
  // load balancers, etcd, the broker
  ...['keepalived', 'haproxy', 'etcd-server', 'etcd-client', 'nats-server'],
  // containers; busybox-static is what images are made of, libstdc++6 is for Node
  ...['containerd', 'runc', 'containernetworking-plugins', 'busybox-static', 'libstdc++6'],
] as const;

const FILES = fileURLToPath(new URL('../files', import.meta.url));

const PROGRAMS = { 'lab-init': 'usr/local/sbin/lab-init', 'lab-net': 'usr/local/sbin/lab-net' } as const;
const TEXTS = { 'lab-net.service': 'etc/systemd/system/lab-net.service' } as const;

/** Counts up when what is done to the image changes in a way that no list or text here shows. */
const EDITION = 2;

/** Kernel messages are the machine's own: each host would swallow them all. */
const JOURNAL = '[Journal]\nReadKMsg=no\nStorage=persistent\nSystemMaxUse=64M\nRateLimitBurst=0\n';
const SYSCTL = 'net.ipv4.ip_forward=1\nnet.ipv4.ip_nonlocal_bind=1\n';

const DISABLED = [
  ...['keepalived', 'haproxy', 'etcd', 'nats-server', 'containerd', 'e2scrub_reap', 'systemd-pstore'],
  ...['apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer', 'e2scrub_all.timer', 'fstrim.timer'],
];
const MASKED = [
  ...['sys-kernel-debug.mount', 'sys-kernel-tracing.mount', 'dev-hugepages.mount'],
  ...['console-getty.service', 'getty.target', 'systemd-modules-load.service'],
];

/** The finished base image's folder. */
export async function ensureBaseImage(progress: Progress): Promise<string> {
  const folder = join(CACHE, `base-${fingerprint()}`);
  if (existsSync(folder)) return folder;
  await mkdir(CACHE, { recursive: true });
  const making = `${folder}.${process.pid}`;
  await progress.step(`make the base image (Debian ${SUITE}, ${PACKAGES.length} packages and what they need)`, async (note) => {
    try {
      await must(['/usr/bin/mmdebstrap', '--variant=minbase', `--include=${PACKAGES.join(',')}`, SUITE, making], {
        onLine: (line) => note(line.replace(/^I: /, '').slice(0, 60)),
      });
      await furnish(making);
      // Another lab may have made the same meanwhile.
      await rename(making, folder).catch((error: Error) => {
        if (!existsSync(folder)) throw error;
      });
      note('');
    } finally {
      await rm(making, { recursive: true, force: true });
    }
  });
  return folder;
}

function fingerprint(): string {
  const files = [...Object.keys(PROGRAMS), ...Object.keys(TEXTS)].map((name) => readFileSync(join(FILES, name), 'utf8'));
  return createHash('sha256')
    .update(JSON.stringify([EDITION, SUITE, PACKAGES, files, JOURNAL, SYSCTL, DISABLED, MASKED]))
    .digest('hex')
    .slice(0, 12);
}

async function furnish(root: string): Promise<void> {
  for (const [name, path] of Object.entries({ ...PROGRAMS, ...TEXTS })) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await copyFile(join(FILES, name), join(root, path));
    await chmod(join(root, path), name in PROGRAMS ? 0o755 : 0o644);
  }
  await put(root, 'etc/systemd/journald.conf.d/lab.conf', JOURNAL);
  await put(root, 'etc/sysctl.d/90-lab.conf', SYSCTL);
  // Not the machine's own servers, which no host can reach.
  await put(root, 'etc/resolv.conf', '');
  // Empty: each host gets its own at its first boot.
  await put(root, 'etc/machine-id', '');
  await rm(join(root, 'var/lib/dbus/machine-id'), { force: true });
  const systemctl = (...args: readonly string[]) => run(['/usr/sbin/chroot', root, '/usr/bin/systemctl', '--quiet', ...args]);
  for (const unit of DISABLED) await systemctl('disable', unit);
  for (const unit of MASKED) await systemctl('mask', unit);
  await must(['/usr/sbin/chroot', root, '/usr/bin/systemctl', '--quiet', 'enable', 'lab-net.service']);
}

async function put(root: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(root, path)), { recursive: true });
  await writeFile(join(root, path), text);
}
