/**
 * The names that travel: branded, so that a host id cannot be handed over where a step id is wanted.
 * An id is made by its constructor here or by a schema; nothing else casts.
 */

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A host as the inventory names it: an address or a host name, e.g. `192.0.2.41`. */
export type HostId = Branded<'HostId'>;
/** `r-` and a time-ordered suffix, e.g. `r-20261123-093012-4f1a`. */
export type RolloutId = Branded<'RolloutId'>;
/** Unique in its plan, readable: `switch/1/192.0.2.43/kubelet`. */
export type StepId = Branded<'StepId'>;
/** Unique in its plan: `widen-vip`, `switch`. */
export type StageId = Branded<'StageId'>;
/** SHA-256 in lower-case hex. */
export type Digest = Branded<'Digest'>;

export const hostId = (text: string): HostId => text as HostId;
export const rolloutId = (text: string): RolloutId => text as RolloutId;
export const stepId = (text: string): StepId => text as StepId;
export const stageId = (text: string): StageId => text as StageId;
export const digestOf = (text: string): Digest => text as Digest;
