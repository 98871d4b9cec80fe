/**
 * Where asks arrive, live or fetched, and are taken one at a time in order of arrival: verify, judge, raise the mark, perform, report. A
 * message that is broken, forged or not for this host is logged and dropped; it never stops the next one. The copy of an ask that is still in
 * hand is dropped; one that was answered is answered again.
 */
import type { KeyObject } from 'node:crypto';
import type { Ask, Report } from '@reberth/protocol/ask.ts';
import { sha256 } from '@reberth/protocol/canonical.ts';
import type { AgentCodec } from '@reberth/protocol/codec/agent-codec.ts';
import { isSignedBy, keyIdOf } from '@reberth/protocol/codec/signature.ts';
import { messageOf } from '@reberth/protocol/errors.ts';
import { admit, isAhead } from './admit.ts';
import type { LinkParts } from './link.ts';

export interface Arrival {
  readonly bytes: Uint8Array;
  readonly fetched: boolean;
  /** The coordinator's public key as it was when this session began. */
  readonly signingKey: KeyObject;
}

export interface Desk {
  take(arrival: Arrival): void;
  /** Takes nothing more; what waits is dropped, because whoever wants it asks again. */
  close(): void;
}

/** A coordinator has one ask per host under way. More than this in line is a flood. */
const LINE_LIMIT = 64;

export function openDesk(parts: LinkParts, codec: AgentCodec, report: (report: Report) => void): Desk {
  const inHand = new Set<string>();
  const begun = new Set<string>();
  let line = Promise.resolve();
  let closed = false;
  const handle = async (arrival: Arrival): Promise<void> => {
    const ask = readAsk(parts, codec, arrival);
    if (ask !== undefined) await judgeAndPerform(parts, begun, ask, arrival.fetched, report);
  };
  return {
    take(arrival) {
      const copyOf = sha256(arrival.bytes);
      if (closed || inHand.has(copyOf)) return;
      if (inHand.size >= LINE_LIMIT) return parts.log.warn({ waiting: inHand.size }, 'ask dropped: too many wait already');
      inHand.add(copyOf);
      line = line
        .then(() => (closed ? undefined : handle(arrival)))
        .catch((error: unknown) => parts.log.error({ why: messageOf(error) }, 'internal error: an ask was dropped'))
        .finally(() => inHand.delete(copyOf));
    },
    close() {
      closed = true;
    },
  };
}

/** Undefined when it is not a genuine ask; that is logged here. */
function readAsk({ log }: LinkParts, codec: AgentCodec, { bytes, signingKey }: Arrival): Ask | undefined {
  try {
    const signed = codec.decodeSignedAsk(bytes);
    if (isSignedBy(signed, signingKey)) return codec.decodeAsk(signed.ask);
    log.warn({ signedBy: signed.keyId.slice(0, 16), wanted: keyIdOf(signingKey) }, 'ask refused: the signature is not by the coordinator');
  } catch (error) {
    log.warn({ why: messageOf(error) }, 'ask dropped: it is broken');
  }
  return undefined;
}

async function judgeAndPerform(parts: LinkParts, begun: Set<string>, ask: Ask, fetched: boolean, report: (report: Report) => void): Promise<void> {
  const { config, marks, log, nowMs } = parts;
  const { rollout, step, operation, attempt, epoch, counter } = ask;
  const fields = { rollout, step, operation, attempt, epoch, counter, fetched };
  const name = `${rollout}\n${step}\n${operation}`;
  const mark = marks.read();
  const verdict = admit(ask, { host: config.host, mark, known: parts.isKnown?.(ask) ?? begun.has(name), fetched }, nowMs());
  if (verdict.verdict === 'refuse') {
    log.warn({ ...fields, why: verdict.why }, 'ask refused');
    if (verdict.tell) report(refusal(ask, verdict.why, nowMs()));
    return;
  }
  try {
    // Durable before the first touch: after a crash an older coordinator must still be refused.
    if (isAhead(ask, mark)) await marks.raise({ epoch, counter });
  } catch (error) {
    // In silence: the mark stands where it stood, so a copy of this ask may still be taken, and what was told as refused would be done.
    log.error({ ...fields, why: messageOf(error) }, 'cannot store that an ask was accepted; it is wanted again');
    return;
  }
  begun.add(name);
  log.info(fields, verdict.verdict === 'repeat' ? 'ask repeated' : 'ask accepted');
  const done = await parts.perform(ask);
  // Nothing was begun, so a later copy is to be judged like a new one.
  if (done.outcome === 'refused') begun.delete(name);
  report(done);
}

function refusal({ rollout, step, operation, attempt, host }: Ask, reason: string, atMs: number): Report {
  return {
    rollout,
    step,
    operation,
    attempt,
    host,
    outcome: 'refused',
    left: 'before',
    why: `cannot accept this ask: ${reason}`,
    startedAtMs: atMs,
    endedAtMs: atMs,
    outputs: {},
  };
}
