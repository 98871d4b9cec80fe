/**
 * Which of several coordinators leads. This one stands by until the lease is free or expired, takes it, and keeps it by renewing it. When it
 * cannot, or another took it, it leads no more and never again: `onLost` is called once, and the process is to end and start as a standby.
 *
 * The lease only keeps coordinators from getting in each other's way. That two never both command is for the epoch: the journal refuses the
 * older writer, and the hosts refuse its asks.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { messageOf } from '@reberth/protocol/errors.ts';
import { judgeLease, type Watched } from './judge-lease.ts';
import type { Lease, LeasePort } from './lease.ts';
import type { LeaseLimits } from './limits.ts';

export interface LeadershipParts {
  readonly port: LeasePort;
  /** For people: this host. */
  readonly owner: string;
  readonly limits: LeaseLimits;
  readonly log: { info(fields: object, message: string): void; warn(fields: object, message: string): void };
  /** Milliseconds of a clock that never jumps; `performance.now` by default. */
  nowMs?(): number;
  onLost(why: string): void;
}

export type Standing =
  | { readonly is: 'leader' }
  | { readonly is: 'standby' /** Empty: nobody is known. */; readonly of: string }
  | { readonly is: 'out' };

export interface Leadership {
  standing(): Standing;
  /** Resolves when this one leads; rejects when it was closed before. */
  readonly gained: Promise<void>;
  /** Whether commands may go out now, by this one's own clock. */
  holds(): boolean;
  /** Gives the lease up, so that another can take over at once. */
  close(): Promise<void>;
}

export function openLeadership(parts: LeadershipParts): Leadership {
  const { port, owner, limits, log, onLost } = parts;
  const nowMs = parts.nowMs ?? (() => performance.now());
  const instance = randomUUID();
  const own: Lease = { owner, instance, released: false };
  const stop = new AbortController();
  let standing: Standing = { is: 'standby', of: '' };
  let heldUntilMs = 0;
  let revision = 0;

  const holds = (): boolean => standing.is === 'leader' && nowMs() < heldUntilMs;
  const pause = (): Promise<unknown> => setTimeout(limits.renewMs, undefined, { signal: stop.signal }).catch(() => undefined);

  /** True: the lease is ours from the moment before it was asked for. */
  async function write(): Promise<boolean> {
    const askedAtMs = nowMs();
    const stored = (await port.write(own, revision)) ?? (await ownRevision());
    if (stored === undefined) return false;
    revision = stored;
    heldUntilMs = askedAtMs + limits.holdMs;
    return true;
  }

  /** A write that nobody answered may have been stored after all. */
  async function ownRevision(): Promise<number | undefined> {
    const seen = await port.read();
    return seen?.lease.instance === instance ? seen.revision : undefined;
  }

  async function standBy(): Promise<void> {
    let watched: Watched | undefined;
    for (; !stop.signal.aborted; await pause()) {
      try {
        const seen = await port.read();
        const verdict = judgeLease(watched, seen, nowMs(), limits.expireMs);
        watched = verdict.watched;
        note(seen?.lease);
        if (!verdict.take) continue;
        revision = verdict.watched.revision;
        if (await write()) return;
      } catch (error) {
        log.warn({ why: messageOf(error) }, 'cannot look who leads');
      }
    }
    throw new Error('cannot lead: it is stopping');
  }

  function note(lease: Lease | undefined): void {
    const of = lease === undefined || lease.released ? '' : lease.owner;
    if (standing.is === 'standby' && standing.of === of) return;
    standing = { is: 'standby', of };
    log.info({ leader: of }, 'standing by');
  }

  /** Resolves when the lease is lost, with the reason; also when this one was told to stop. */
  async function keep(): Promise<string> {
    let why = 'this process stood still';
    for (await pause(); !stop.signal.aborted; await pause()) {
      if (!holds()) return `it was not renewed within ${limits.holdMs} ms: ${why}`;
      try {
        if (!(await write())) return 'another coordinator has taken over';
      } catch (error) {
        why = messageOf(error);
        log.warn({ why }, 'cannot renew the lease');
      }
    }
    return 'stopping';
  }

  const gained = standBy().then(() => {
    standing = { is: 'leader' };
    log.info({ owner }, 'leading');
  });
  const ended = gained
    .then(keep)
    .then((why) => {
      standing = { is: 'out' };
      if (!stop.signal.aborted) onLost(why);
    })
    .catch(() => undefined);

  return {
    standing: () => standing,
    gained,
    holds,
    async close() {
      const led = standing.is === 'leader';
      stop.abort();
      await ended;
      if (led) await port.write({ ...own, released: true }, revision).catch(() => undefined);
    },
  };
}
