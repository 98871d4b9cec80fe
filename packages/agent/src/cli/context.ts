/** What the commands share: where the configuration is, and how a line gets to the terminal. */
import { ReberthError } from '@reberth/protocol/errors.ts';
import { type AgentConfig, parseConfig } from '../config.ts';
import { linuxHost } from '../host/linux/host.ts';

export interface Terminal {
  line(text: string): void;
  problem(text: string): void;
}

export const terminal: Terminal = {
  line: (text) => process.stdout.write(`${text}\n`),
  problem: (text) => process.stderr.write(`${text}\n`),
};

export async function readConfig(path: string): Promise<AgentConfig> {
  const file = await linuxHost().readFile(path);
  if (file === undefined)
    throw new ReberthError('config-invalid', `cannot read ${path}: there is no such file`, {
      hint: 'copy the bundle that reberth init made for this host to /etc/reberth/agent',
    });
  return parseConfig(file.bytes.toString('utf8'), path);
}
