/**
 * The shape of a layout: one way in which clusters are laid out on hosts. Recognising is by evidence in the facts, and the evidence is
 * printed; a model is made only of a fleet that was recognised, and says everything that is wrong at once. Pure.
 */
import type { Facts } from '@reberth/protocol/facts.ts';
import type { ClusterModel } from './model.ts';

export type Fleet = readonly Facts[];

export type Recognition =
  | { readonly matches: true; readonly evidence: readonly string[] }
  | { readonly matches: false; readonly missing: readonly string[] };

export type Modelled = { readonly ok: true; readonly model: ClusterModel } | { readonly ok: false; readonly reasons: readonly string[] };

export interface Layout {
  readonly name: string;
  readonly title: string;
  recognise(fleet: Fleet): Recognition;
  /** `to`: the address that is wanted, which must not be mistaken for the one in use. */
  model(fleet: Fleet, cluster: string, to: string): Modelled;
}
