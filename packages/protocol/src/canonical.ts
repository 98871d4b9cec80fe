/**
 * One byte sequence per value: JSON with sorted keys and no spaces. Plans, asks and journal records are hashed and signed over
 * these bytes, so two programs that agree on a value agree on its digest. Refuses what JSON would silently drop.
 */
import { createHash } from 'node:crypto';
import { type Digest, digestOf } from './ids.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json | undefined };

export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new Error(`cannot encode ${value}: not a JSON number`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join(',')}}`;
  }
  throw new Error(`cannot encode a ${typeof value}: it has no JSON form`);
}

export function sha256(bytes: string | Uint8Array): Digest {
  return digestOf(createHash('sha256').update(bytes).digest('hex'));
}

/** Digest of a document as it is approved: over its canonical JSON. */
export function digest(value: unknown): Digest {
  return sha256(canonicalJson(value));
}
