/**
 * Timing in pairs. The thing and its yardstick take turns, so that whatever else the machine does falls on both; medians are told because
 * a stray run means nothing.
 */

export type Sample = () => Promise<number> | number;

/** Sorts a copy; the middle, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new Error('cannot take the median of nothing');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return ((sorted[middle] ?? Number.NaN) + (sorted[sorted.length % 2 === 0 ? middle - 1 : middle] ?? Number.NaN)) / 2;
}

/** `rounds` times each of them, one after the other, after one round that is not counted; the median of each. */
export async function inTurns<K extends string>(samples: Readonly<Record<K, Sample>>, rounds: number): Promise<Readonly<Record<K, number>>> {
  const names = Object.keys(samples) as K[];
  const taken = new Map<K, number[]>(names.map((name) => [name, []]));
  for (let round = -1; round < rounds; round += 1) {
    for (const name of names) {
      const value = await samples[name]();
      if (round >= 0) taken.get(name)?.push(value);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(taken.get(name) ?? [])])) as Record<K, number>;
}

/** Milliseconds. */
export async function timed(deed: () => Promise<unknown> | unknown): Promise<number> {
  const startedAt = performance.now();
  await deed();
  return performance.now() - startedAt;
}
