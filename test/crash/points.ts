/**
 * Names every moment at which a process can be killed. A port that is watched has two points for each call of each of its methods: before
 * the call, and after its effect; a callback handed to it has two as well. Nobody lists them: a method added later is in the next count.
 *
 * - A name says port, method, what it is about, and the how-manieth such call of this process it is.
 * - What a clock repeats (heartbeats, looks of a gate, repeated asks) counts the first time only: the others are the same moment again.
 * - Looking at a clock or at memory is no call: it has no effect and nothing waits for it.
 */
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { ProtocolHandler } from '@nats-io/nats-core/internal';

export interface Points {
  watched<T extends object>(port: string, object: T): T;
  /** In order, so far. */
  readonly met: readonly string[];
}

export const unwatched: Points = { watched: (_, object) => object, met: [] };

const NO_CALLS = new Set(['nowMs', 'status', 'judge']);
const BY_CLOCK = [/^gates\./, /\.health\./, /heartbeat/i, /^wire\.(ask|onReport)/, /^link\.perform/, /^host\.sleep/];

interface Watching {
  /** The point to die at; undefined only counts. */
  readonly crashAt: string | undefined;
  /** Folder of this trial, left out of names. */
  readonly folder: string;
  die(): void;
}

export function createPoints({
  crashAt,
  folder,
  die,
}: Watching): Points & { pass(call: string, when: 'before' | 'after'): void; call(name: string): string } {
  const met: string[] = [];
  const calls = new Map<string, number>();
  const call = (name: string): string => {
    const plain = plainName(name.replaceAll(folder, ''));
    const count = (calls.get(plain) ?? 0) + 1;
    calls.set(plain, count);
    return `${plain}#${count}`;
  };
  const pass = (name: string, when: 'before' | 'after'): void => {
    if (!name.endsWith('#1') && BY_CLOCK.some((pattern) => pattern.test(name))) return;
    const point = `${name} ${when}`;
    met.push(point);
    if (point === crashAt) die();
  };
  const around = (name: string, deed: (...args: readonly unknown[]) => unknown): ((...args: readonly unknown[]) => unknown) => {
    return (...args) => {
      const given = args.map((arg) => (typeof arg === 'function' ? around(`${name} heard`, arg as typeof deed) : arg));
      const registers = args.some((arg) => typeof arg === 'function');
      const named = registers ? '' : call(`${name}(${args.map(describe).filter(Boolean).join(', ')})`);
      if (!registers) pass(named, 'before');
      const result = deed(...given);
      if (registers) return result;
      if (result instanceof Promise)
        return result.then((value) => {
          pass(named, 'after');
          return value;
        });
      pass(named, 'after');
      return result;
    };
  };
  return {
    met,
    pass,
    call,
    watched: (port, object) =>
      new Proxy(object, {
        get(target, key, receiver) {
          const value: unknown = Reflect.get(target, key, receiver);
          if (typeof value !== 'function' || typeof key !== 'string' || NO_CALLS.has(key)) return value;
          return around(`${port}.${key}`, value.bind(target));
        },
      }),
  };
}

/** Below every port: names appear and go on the disk, and messages leave. Once per process, and only in one that may be killed. */
export function watchGround(points: ReturnType<typeof createPoints>): void {
  const disk = points.watched('disk', { rename: fs.rename, unlink: fs.unlink });
  fs.rename = disk.rename;
  fs.unlink = disk.unlink;
  syncBuiltinESMExports();
  const publish = ProtocolHandler.prototype.publish;
  ProtocolHandler.prototype.publish = function (this: ProtocolHandler, subject, ...rest) {
    const name = points.call(`broker.publish(${subject.replace(/^_INBOX.*/, '_INBOX')})`);
    points.pass(name, 'before');
    publish.call(this, subject, ...rest);
    // Its effect is that the server has it.
    void this.flush()
      .then(() => points.pass(name, 'after'))
      .catch(() => undefined);
  };
}

const plainName = (name: string): string =>
  name
    .replaceAll(/\b[0-9a-f]{64}\b/g, 'hash')
    .replaceAll(/\br-\d{8}-\d{6}-[0-9a-f]{4}\b/g, 'rollout')
    .replaceAll(/\b[0-9a-f]{16}\b/g, 'token')
    .replaceAll(/\block\.(stale\.)?\d+/g, 'lock.$1PID');

const TELLING = ['path', 'type', 'is', 'host', 'operation', 'step', 'id', 'gate', 'stage', 'outcome', 'when', 'kind'] as const;

/** The words by which one call is told from another: paths, units, steps. No contents, no times, no numbers. */
function describe(value: unknown): string {
  if (typeof value === 'string') return value.length < 100 && !value.startsWith('{') ? value : describeText(value);
  if (value instanceof Uint8Array || typeof value !== 'object' || value === null) return '';
  if (Array.isArray(value)) return value.map(describe).filter(Boolean).join(' ');
  const parts = value as Readonly<Record<string, unknown>>;
  const own = TELLING.flatMap((key) => (typeof parts[key] === 'string' ? [parts[key]] : []));
  return [...own, describe(parts['body']), describe(parts['report'])].filter(Boolean).join(' ');
}

/** A framed record, on its way to the disk. */
function describeText(text: string): string {
  const parts = ['is', 'step', 'operation', 'outcome'].flatMap((key) => new RegExp(`"${key}":"([^"]*)"`).exec(text)?.[1] ?? []);
  return parts.join(' ');
}
