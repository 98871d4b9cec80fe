/** Small plans for tests of what drives them: stages, waves and steps by name, gates that mean nothing by themselves. */
import { hostId, stageId, stepId } from '@reberth/protocol/ids.ts';
import type { GateUse, Plan, Stage, Step, Wave } from '@reberth/protocol/plan.ts';

export const gate = (name: string, change: Partial<GateUse> = {}): GateUse => ({
  gate: name,
  title: `gate ${name}`,
  params: {},
  everyMs: 10,
  holdForMs: 0,
  giveUpAfterMs: 1_000,
  onGiveUp: 'undo',
  ...change,
});

export const step = (id: string, change: Partial<Step> = {}): Step => ({
  id: stepId(id),
  host: hostId(id.split('/')[0] ?? id),
  kind: 'test',
  version: 1,
  title: `step ${id}`,
  risk: 'local',
  params: {},
  touches: [],
  expect: [],
  diffs: [],
  inputs: [],
  confirmWithinMs: 0,
  ...change,
});

export const wave = (title: string, steps: readonly Step[], change: Partial<Wave> = {}): Wave => ({
  title,
  steps: [...steps],
  exit: [gate(`after-${title}`)],
  back: [gate(`back-${title}`)],
  ...change,
});

export const stage = (id: string, waves: readonly Wave[], change: Partial<Stage> = {}): Stage => ({
  id: stageId(id),
  title: `stage ${id}`,
  why: '',
  enter: [gate(`enter-${id}`)],
  waves: [...waves],
  exit: [gate(`exit-${id}`)],
  onFailure: 'undo-all',
  commit: false,
  promises: ['from'],
  ...change,
});

export const plan = (stages: readonly Stage[]): Plan => ({
  format: 1,
  cluster: 'test',
  strategy: 'rolling',
  layout: 'test',
  createdAt: '2026-01-01T00:00:00.000Z',
  from: { address: '192.0.2.39', port: 8443 },
  to: { address: '192.0.2.40', port: 8443 },
  hosts: [...new Set(stages.flatMap(({ waves }) => waves.flatMap(({ steps }) => steps.map(({ host }) => host))))].map((id) => ({
    id,
    address: id,
    roles: [],
  })),
  notes: [],
  accepted: [],
  stages: [...stages],
});

/** Two stages: two hosts side by side and one alone, which must be confirmed; then one host whose second step needs what the first made. */
export const smallPlan = (): Plan =>
  plan([
    stage('one', [wave('w0', [step('a/1'), step('a/2'), step('b/1')]), wave('w1', [step('c/1', { risk: 'connectivity', confirmWithinMs: 60_000 })])]),
    stage(
      'two',
      [
        wave('w0', [
          step('d/request'),
          step('d/install', { inputs: [{ name: 'certificate', from: stepId('d/request'), signedAs: 'serving-certificate' }] }),
        ]),
      ],
      { onFailure: 'undo-stage' },
    ),
  ]);
