/**
 * The broker between the coordinators and the hosts, and everything that can become of a message: lost, late, doubled, out of order, played
 * again much later, and all that the broker kept gone. It keeps the latest ask per host and hands it to a host that comes back.
 */
import { generateKeyPairSync } from 'node:crypto';
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { agentCodec } from '@reberth/protocol/codec/agent-codec.ts';
import { signAsk } from '@reberth/protocol/codec/signature.ts';
import type { Chance } from './chance.ts';
import type { Scheduler } from './scheduler.ts';

export interface WireTrouble {
  lost: number;
  doubled: number;
  late: number;
}

export interface SimWire {
  readonly trouble: WireTrouble;
  /** Resolves when the broker has it; rejects while the broker is away. */
  ask(ask: Ask): Promise<void>;
  report(bytes: Uint8Array, from: string): void;
  onReport(handler: (report: Report) => void): void;
  /** What a host can hear when it can hear. */
  attach(host: string, hear: (bytes: Uint8Array, fetched: boolean) => void): void;
  /** The host's agent is up, or not. */
  connect(host: string): void;
  disconnect(host: string): void;
  cutOff(host: string): void;
  heal(host: string): void;
  brokerDown(): void;
  brokerUp(how: 'whole' | 'wiped'): void;
  isUp(): boolean;
  isCutOff(host: string): boolean;
  /** Sends once more, to whom it was for, something that was sent at any time before. */
  replayOld(): string | undefined;
  heardAtMs(host: string): number;
}

interface Line {
  hear: (bytes: Uint8Array, fetched: boolean) => void;
  connected: boolean;
  cutOff: boolean;
  lastHeardMs: number;
  kept: Uint8Array | undefined;
}

const keys = generateKeyPairSync('ed25519');
export const signingKey = keys.publicKey;
export const codec = agentCodec();

export function createWire(scheduler: Scheduler, chance: Chance, trouble: WireTrouble): SimWire {
  const lines = new Map<string, Line>();
  const everything: { readonly host: string; readonly bytes: Uint8Array; readonly what: string }[] = [];
  const listeners: ((report: Report) => void)[] = [];
  let up = true;

  const line = (host: string): Line => {
    const known = lines.get(host) ?? { hear: () => undefined, connected: false, cutOff: false, lastHeardMs: 0, kept: undefined };
    lines.set(host, known);
    return known;
  };
  const canHear = ({ connected, cutOff }: Line): boolean => up && connected && !cutOff;
  /** Whatever is about to end a connection: the host was heard until now. */
  const lastWords = (host: string): void => {
    const known = line(host);
    if (canHear(known)) known.lastHeardMs = scheduler.nowMs();
  };
  const travel = (deliver: () => void): void => {
    if (chance.flip(trouble.lost)) return;
    const once = (): void => scheduler.at(chance.flip(trouble.late) ? chance.between(1_000, 90_000) : chance.between(1, 40), deliver);
    once();
    if (chance.flip(trouble.doubled)) once();
  };
  const deliver = (host: string, bytes: Uint8Array, fetched: boolean): void => {
    if (canHear(line(host))) line(host).hear(bytes, fetched);
  };
  const fetch = (host: string): void => {
    scheduler.at(chance.between(1, 20), () => {
      const { kept } = line(host);
      if (kept !== undefined) deliver(host, kept, true);
    });
  };

  return {
    trouble,
    async ask(ask) {
      if (!up) throw new Error('not connected to the broker');
      const bytes = codec.encodeSignedAsk(signAsk(codec.encodeAsk(ask), keys.privateKey));
      line(ask.host).kept = bytes;
      everything.push({ host: ask.host, bytes, what: `${ask.operation} ${ask.step} #${ask.attempt} (epoch ${ask.epoch}, ${ask.counter})` });
      travel(() => deliver(ask.host, bytes, false));
    },
    report(bytes, from) {
      if (!canHear(line(from))) return;
      travel(() => {
        if (up) for (const listener of listeners) listener(codec.decodeReport(bytes));
      });
    },
    onReport: (handler) => void listeners.push(handler),
    attach: (host, hear) => {
      line(host).hear = hear;
    },
    connect(host) {
      line(host).connected = true;
      if (canHear(line(host))) fetch(host);
    },
    disconnect(host) {
      lastWords(host);
      line(host).connected = false;
    },
    cutOff(host) {
      lastWords(host);
      line(host).cutOff = true;
    },
    heal(host) {
      line(host).cutOff = false;
      if (canHear(line(host))) fetch(host);
    },
    brokerDown() {
      for (const host of lines.keys()) lastWords(host);
      up = false;
    },
    brokerUp(how) {
      up = true;
      if (how === 'wiped') for (const each of lines.values()) each.kept = undefined;
      for (const [host, each] of lines) if (canHear(each)) fetch(host);
    },
    isUp: () => up,
    isCutOff: (host) => line(host).cutOff,
    replayOld() {
      if (everything.length === 0) return undefined;
      const { host, bytes, what } = chance.pick(everything);
      scheduler.at(1, () => deliver(host, bytes, false));
      return `${what} to ${host}`;
    },
    heardAtMs: (host) => (canHear(line(host)) ? scheduler.nowMs() : line(host).lastHeardMs),
  };
}
