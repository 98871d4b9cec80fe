/** Which nats-server this is, and what that decides. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';

const ANSWER_LIMIT_MS = 10_000;

/** `nats-server: v2.9.10` → `2.9.10` */
export async function serverVersion(program: string): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(program, ['-v'], { timeout: ANSWER_LIMIT_MS });
    const [, version] = /v(\d+\.\d+\.\d+)/.exec(stdout) ?? [];
    if (version === undefined) throw new Error('it does not say its version');
    return version;
  } catch (cause) {
    throw new ReberthError('broker-failed', `cannot run ${program}: ${messageOf(cause).split('\n')[0]}`, {
      hint: 'install nats-server, or name it in broker.program of coordinator.json',
      cause,
    });
  }
}

/** `sync_interval: always` came with 2.10. */
export function knowsSyncAlways(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 2 || (major === 2 && minor >= 10);
}
