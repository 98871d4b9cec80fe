/**
 * How one journal record is framed, for the agent's journal and the coordinator's alike: one line of
 * `<crc32 hex> <sha256 of the record before, 16 hex> <canonical JSON>`. A flipped bit fails the CRC, a missing or swapped record
 * breaks the chain. A torn last line is told apart from damage in the middle. The first record also names the format of the whole, so that an
 * older program refuses what it would misread. Pure: bytes in, records out.
 */
import { crc32 } from 'node:zlib';
import { canonicalJson, sha256 } from './canonical.ts';

export const CHAIN_START = '0'.repeat(16);

/** Of the framing and of what records say. Raised when a program of before could misread what is written from then on. */
export const JOURNAL_FORMAT = 1;

export interface Framed {
  readonly line: string;
  /** What the next record carries as its `previous`. */
  readonly link: string;
}

export function frame(previous: string, body: object, format: number = JOURNAL_FORMAT): Framed {
  const text = `${previous} ${canonicalJson(previous === CHAIN_START ? { ...body, format } : body)}`;
  const line = `${crc(text)} ${text}\n`;
  return { line, link: sha256(line).slice(0, 16) };
}

export type Unframed =
  | {
      readonly ok: true;
      readonly bodies: readonly object[];
      readonly link: string;
      /** Bytes of whole records. */
      readonly length: number;
      /** Bytes after them that were never acknowledged. */
      readonly tornTail: number;
    }
  | { readonly ok: false; readonly line: number; readonly why: string };

/** Reads a whole journal. Only an incomplete last line (no newline) is a torn tail; anything else wrong is damage. */
export function unframe(content: Buffer): Unframed {
  const bodies: object[] = [];
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
    const opened = opening(line, JSON.parse(json));
    if (!opened.ok) return { ok: false, line, why: opened.why };
    bodies.push(opened.body);
    link = sha256(text).slice(0, 16);
    offset = end + 1;
  }
  return { ok: true, bodies, link, length: offset, tornTail: 0 };
}

/** A record as it was given to `frame`; the first without its format, when that is one that is known. */
function opening(line: number, body: unknown): { readonly ok: true; readonly body: object } | { readonly ok: false; readonly why: string } {
  if (typeof body !== 'object' || body === null) return { ok: false, why: 'not a journal record' };
  if (line > 1 || !('format' in body)) return { ok: true, body };
  const { format, ...rest } = body;
  if (format === JOURNAL_FORMAT) return { ok: true, body: rest };
  if (typeof format === 'number' && format > JOURNAL_FORMAT)
    return { ok: false, why: `journal format ${format} is of a newer Reberth; this one knows format ${JOURNAL_FORMAT}: install the newer one again` };
  return { ok: false, why: `${JSON.stringify(format)} is no journal format` };
}

const crc = (text: string): string => crc32(text).toString(16).padStart(8, '0');
