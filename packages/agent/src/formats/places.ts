/**
 * Finds an address in a text as a whole: 192.0.2.4 is not found in 192.0.2.40, nor in 1192.0.2.4, and dots are dots. Works for IPv4,
 * IPv6 (as it is written) and names.
 */
import { linesOf } from './text.ts';

/** Numbers of the lines that hold the address, each once. */
export function findAddress(text: string, address: string): readonly number[] {
  if (!text.toLowerCase().includes(address.toLowerCase())) return [];
  const whole = wholeAddress(address);
  return linesOf(text)
    .filter((line) => whole.test(line.text))
    .map(({ number }) => number);
}

export function wholeAddress(address: string): RegExp {
  const literal = address.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
  if (/^[\d.]+$/.test(address)) return new RegExp(`(?<!\\d)(?<!\\d\\.)${literal}(?!\\d)(?!\\.\\d)`);
  if (address.includes(':')) return new RegExp(`(?<![0-9a-f:.])${literal}(?![0-9a-f:])(?!\\.\\d)`, 'i');
  return new RegExp(`(?<![a-z0-9_-])(?<![a-z0-9_-]\\.)${literal}(?![a-z0-9_-])(?!\\.[a-z0-9_-])`, 'i');
}
