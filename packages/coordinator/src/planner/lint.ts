/**
 * What must hold for every plan, whatever strategy drafted it: checked before a plan is shown, so that a fault in a strategy is refused
 * and never run. Pure.
 */
import type { Plan, Stage } from '@reberth/protocol/plan.ts';
import { checkGateUse } from '../gates/index.ts';

export function lintPlan(plan: Plan, limits: { readonly batch: number }): readonly string[] {
  const controlPlane = new Set(plan.hosts.filter(({ roles }) => roles.includes('kube-master')).map(({ id }) => id));
  const seen = new Set<string>();
  const faults: string[] = [];
  for (const stage of plan.stages) {
    faults.push(...gatesOf(stage).flatMap((use) => checkGateUse(use).map((fault) => `stage ${stage.id}, ${fault}`)));
    for (const wave of stage.waves) {
      const disturbed = new Set(wave.steps.filter(({ risk }) => risk !== 'local').map(({ host }) => host));
      const masters = [...disturbed].filter((host) => controlPlane.has(host));
      const where = `stage ${stage.id}, wave "${wave.title}"`;
      if (masters.length > 1) faults.push(`${where} disturbs ${masters.length} control-plane hosts at once`);
      if (disturbed.size > Math.max(1, limits.batch))
        faults.push(`${where} disturbs ${disturbed.size} hosts at once, and ${limits.batch} are allowed`);
      if (disturbed.size > 0 && wave.exit.length === 0) faults.push(`${where} disturbs a host and has no gate after it`);
      for (const { id } of wave.steps) {
        if (seen.has(id)) faults.push(`step ${id} occurs twice`);
        seen.add(id);
      }
      for (const { id, inputs } of wave.steps) {
        for (const { from } of inputs) if (!seen.has(from)) faults.push(`step ${id} needs ${from}, which does not come before it`);
      }
    }
  }
  return faults;
}

const gatesOf = ({ enter, waves, exit }: Stage) => [...enter, ...waves.flatMap((wave) => [...wave.exit, ...wave.back]), ...exit];
