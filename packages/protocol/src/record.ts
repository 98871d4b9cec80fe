/**
 * How one journal record is framed, for the agent's journal and the coordinator's alike: one line of
 * `<crc32 hex> <sha256 of the record before, 16 hex> <canonical JSON>`. A flipped bit fails the CRC, a missing or swapped record
 * breaks the chain. A torn last line is told apart from damage in the middle. Pure: bytes in, records out.
 */
import { crc32 } from 'node:zlib';
import { canonicalJson, sha256 } from './canonical.ts';

export const CHAIN_START = '0'.repeat(16);

export interface Framed {
  readonly line: string;
  /** What the next record carries as its `previous`. */
  readonly link: string;
}

export function frame(previous: string, body: unknown): Framed {
  const text = `${previous} ${canonicalJson(body)}`;
  const line = `${crc(text)} ${text}\n`;
  return { line, link: sha256(line).slice(0, 16) };
}

export type Unframed =
  | {
      readonly ok: true;
      readonly bodies: readonly unknown[];
      readonly link: string /** Bytes of whole records. */;
      readonly length: number /** Bytes after them that were never acknowledged. */;
      readonly tornTail: number;
    }
  | { readonly ok: false; readonly line: number; readonly why: string };

/** Reads a whole journal. Only an incomplete last line (no newline) is a torn tail; anything else wrong is damage. */
export function unframe(content: Buffer): Unframed {
  const bodies: unknown[] = [];
  let link = CHAIN_START;
  let offset = 0;
  for (let line = 1; offset < content.length; line += 1) {
    const end = content.indexOf(0x0a, offset);
    if (end === -1) return { ok: true, bodies, link, length: offset, tornTail: content.length - offset };
    const text = content.subarray(offset, end + 1).toString('utf8');
    const match = /^([0-9a-f]{8}) (([0-9a-f]{16}) (.*))\n$/s.exec(text);
    const [, sum, covered, previous, json] = match ?? [];
    if (sum === undefined || covered === undefined || json === undefined) return { ok: false, line, why: 'not a journal record' };
    if (crc(covered) !== sum) return { ok: false, line, why: 'checksum does not match: the record was changed or damaged' };
    if (previous !== link) return { ok: false, line, why: 'the chain is broken: a record before this one is missing or was replaced' };
    bodies.push(JSON.parse(json));
    link = sha256(text).slice(0, 16);
    offset = end + 1;
  }
  return { ok: true, bodies, link, length: offset, tornTail: 0 };
}

const crc = (text: string): string => crc32(text).toString(16).padStart(8, '0');
