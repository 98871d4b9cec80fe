/**
 * The shape of a strategy: from a model and a wish to a draft. Pure; choices that an operator would ask about are written into `notes`.
 */

import type { ClusterModel } from '../layouts/model.ts';
import type { PlanDraft } from '../planner/draft.ts';

export interface Wish {
  /** New address; the port stays. */
  readonly to: string;
  readonly createdAt: string;
  /** VRRP router id of the new instance; chosen when absent. */
  readonly routerId: number | undefined;
  /** Ids seen in files or heard on the segment. */
  readonly routerIdsInUse: readonly number[];
  /** Nodes disturbed at once, after the canary. */
  readonly batch: number;
  readonly soakMs: number;
  /** How long a host waits for the confirmation of a step that could cut it off. */
  readonly confirmWithinMs: number;
  readonly acceptStragglers: boolean;
  /** Take the old address out of the serving certificates at the end. */
  readonly narrowCertificates: boolean;
}

export type Drafted = { readonly ok: true; readonly draft: PlanDraft } | { readonly ok: false; readonly reasons: readonly string[] };

export interface Strategy {
  readonly name: 'rolling' | 'rebootstrap';
  readonly title: string;
  draft(model: ClusterModel, wish: Wish): Drafted;
}
