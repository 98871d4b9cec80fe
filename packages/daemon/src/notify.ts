/**
 * Tells systemd how the service is: ready, status in words, alive, stopping. Writes to the connected datagram socket that the starter left in
 * NOTIFY_FD; without one (started by hand) it tells nobody. Never throws: a lost word costs a line in the log, silence is judged by the watchdog.
 */
import { writeSync } from 'node:fs';

export interface Notify {
  ready(status: string): void;
  status(words: string): void;
  watchdog(): void;
  stopping(status: string): void;
}

export function createNotify(environment: { readonly NOTIFY_FD?: string | undefined }, onError: (error: unknown) => void): Notify {
  const fd = Number(environment.NOTIFY_FD ?? Number.NaN);
  const send = (...lines: readonly string[]): void => {
    if (!Number.isInteger(fd) || fd < 3) return;
    try {
      writeSync(fd, lines.join('\n'));
    } catch (error) {
      onError(error);
    }
  };
  return {
    ready: (status) => send('READY=1', statusLine(status)),
    status: (words) => send(statusLine(words)),
    watchdog: () => send('WATCHDOG=1'),
    stopping: (status) => send('STOPPING=1', statusLine(status)),
  };
}

/** One line: a line break would start another assignment. */
const statusLine = (words: string): string => `STATUS=${words.replaceAll(/\s+/g, ' ')}`;
