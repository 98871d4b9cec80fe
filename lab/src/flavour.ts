/** Which Kubernetes a lab runs: the current line, or 1.20 as Debian's source package has it. */

export const FLAVOURS = ['current', '1.20'] as const;
export type Flavour = (typeof FLAVOURS)[number];

export function flavourOf(text: string): Flavour {
  const found = FLAVOURS.find((flavour) => flavour === text);
  if (found === undefined) throw new Error(`cannot use flavour ${text}: there are ${FLAVOURS.join(' and ')}`);
  return found;
}
