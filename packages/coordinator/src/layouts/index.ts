/**
 * Every layout that Reberth knows, by hand: this list is what a reader checks to learn which clusters it may touch.
 */
import { kubeasz110 } from './kubeasz-1.10/layout.ts';
import type { Fleet, Layout } from './layout.ts';

export const layouts: readonly Layout[] = [kubeasz110];

export type Recognised =
  | { readonly ok: true; readonly layout: Layout; readonly evidence: readonly string[] }
  | { readonly ok: false; readonly reasons: readonly string[] };

export function recogniseLayout(fleet: Fleet, known: readonly Layout[] = layouts): Recognised {
  const tried = known.map((layout) => ({ layout, recognition: layout.recognise(fleet) }));
  const matching = tried.flatMap(({ layout, recognition }) => (recognition.matches ? [{ layout, evidence: recognition.evidence }] : []));
  const [only, ...others] = matching;
  if (only !== undefined && others.length === 0) return { ok: true, ...only };
  if (only !== undefined) return { ok: false, reasons: [`two layouts fit this cluster: ${matching.map(({ layout }) => layout.name).join(' and ')}`] };
  return {
    ok: false,
    reasons: tried.map(({ layout, recognition }) => `not ${layout.title}: ${recognition.matches ? '' : recognition.missing.join('; ')}`),
  };
}
