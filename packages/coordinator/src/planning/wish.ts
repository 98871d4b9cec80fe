/**
 * What an operator typed, made into a wish. Every problem at once; pure.
 */
import { isIP } from 'node:net';
import type { Wish } from '../strategies/strategy.ts';

export interface WishText {
  /** ADDRESS or ADDRESS:PORT */
  readonly to: string;
  readonly strategy: string;
  /** Path on the deploy host; empty: the usual one. */
  readonly inventory: string;
  readonly routerId: number | undefined;
  readonly batch: number | undefined;
  readonly soakMs: number | undefined;
  readonly confirmWithinMs: number | undefined;
  readonly acceptStragglers: boolean;
  readonly narrowCertificates: boolean;
}

export type ParsedWish =
  | {
      readonly ok: true;
      readonly to: { readonly address: string; readonly port: number | undefined };
      readonly settings: Omit<Wish, 'to' | 'createdAt' | 'routerIdsInUse'>;
    }
  | { readonly ok: false; readonly reasons: readonly string[] };

const INVENTORIES = '/etc/ansible/';
/** Two nodes at once keep most of a small cluster undisturbed. */
const DEFAULT_BATCH = 2;
/** Longer than the gates after a load take on a busy machine, short enough for an operator who waits at a host that is cut off. */
const DEFAULT_CONFIRM_MS = 60_000;
/** An election alone takes longer. */
const CONFIRM_MS_MIN = 10_000;
/** Longer than a kubelet's lease renewal, so that every client of the cluster has spoken at least once. */
const DEFAULT_SOAK_MS = 10_000;

export function parseWish(text: WishText): ParsedWish {
  const [, address = '', port] = /^\[?([^\]]*?)\]?(?::(\d+))?$/.exec(text.to) ?? [];
  const reasons = [
    ...(isIP(address) === 4 ? unfitFor(address) : [`--to ${JSON.stringify(text.to)} is not an IPv4 address, optionally with :PORT`]),
    ...(port === undefined || (Number(port) >= 1 && Number(port) <= 65_535) ? [] : [`--to: port ${port} is not between 1 and 65535`]),
    ...(text.routerId === undefined || (text.routerId >= 1 && text.routerId <= 255) ? [] : [`--router-id ${text.routerId} is not between 1 and 255`]),
    ...(text.confirmWithinMs === undefined || text.confirmWithinMs >= CONFIRM_MS_MIN
      ? []
      : [`--confirm-within ${text.confirmWithinMs / 1000} must be ${CONFIRM_MS_MIN / 1000} s or more`]),
    ...(text.inventory === '' || text.inventory.startsWith(INVENTORIES)
      ? []
      : [`--inventory ${text.inventory} is not below ${INVENTORIES}, where agents read inventories`]),
    ...(text.batch === undefined || text.batch >= 1 ? [] : [`--batch ${text.batch} must be 1 or more`]),
  ];
  if (reasons.length > 0) return { ok: false, reasons };
  return {
    ok: true,
    to: { address, port: port === undefined ? undefined : Number(port) },
    settings: {
      routerId: text.routerId,
      batch: text.batch ?? DEFAULT_BATCH,
      soakMs: text.soakMs ?? DEFAULT_SOAK_MS,
      confirmWithinMs: text.confirmWithinMs ?? DEFAULT_CONFIRM_MS,
      acceptStragglers: text.acceptStragglers,
      narrowCertificates: text.narrowCertificates,
    },
  };
}

/** Addresses that no host may serve to others. */
function unfitFor(address: string): readonly string[] {
  const [first = 0, second = 0] = address.split('.').map(Number);
  const kind =
    first === 0
      ? 'of this network only'
      : first === 127
        ? 'a loopback address'
        : first === 169 && second === 254
          ? 'link-local'
          : first >= 224 && first < 240
            ? 'multicast'
            : first >= 240
              ? 'reserved'
              : undefined;
  return kind === undefined ? [] : [`--to ${address} is ${kind}: no host can serve it to others`];
}
