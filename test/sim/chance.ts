/** Chance by seed, in streams by name: what one part of the world draws does not shift what another one gets. */
import { chanceOf } from '../support/rollout-world.ts';

export interface Chance {
  /** True with this probability. */
  flip(probability: number): boolean;
  /** From `least` up to, not including, `most`. */
  between(least: number, most: number): number;
  pick<T>(items: readonly T[]): T;
  stream(name: string): Chance;
}

export function createChance(seed: number): Chance {
  const next = chanceOf(seed);
  return {
    flip: (probability) => probability > 0 && next() < probability,
    between: (least, most) => least + next() * (most - least),
    pick: (items) => items[Math.floor(next() * items.length)] as (typeof items)[number],
    stream: (name) => createChance(mixed(seed, name)),
  };
}

/** FNV-1a over the name, begun with the seed. */
function mixed(seed: number, name: string): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  for (const letter of name) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  return hash;
}
