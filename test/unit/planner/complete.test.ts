import { completePlan } from '@reberth/coordinator/planner/complete.ts';
import { type PlanDraft, type StageDraft, stepsOfHost } from '@reberth/coordinator/planner/draft.ts';
import { type HostId, hostId, stageId, stepId } from '@reberth/protocol/ids.ts';
import { isEmptyPlan, type Plan } from '@reberth/protocol/plan.ts';
import type { DryRunAnswer } from '@reberth/protocol/query.ts';
import test, { type ExecutionContext } from 'ava';
import { gate } from '../../support/plan.ts';

type Answered = DryRunAnswer['steps'][number];

const a = hostId('a');
const b = hostId('b');

const step = (id: string, host: HostId) => ({ id: stepId(id), host, kind: 'test', version: 1, params: {}, inputs: [] });
const stage = (id: string, waves: readonly (readonly ReturnType<typeof step>[])[]): StageDraft => ({
  id: stageId(id),
  title: id,
  why: '',
  enter: [gate('enter')],
  waves: waves.map((steps, index) => ({ title: `wave ${index}`, steps, exit: [gate('after')], back: [] })),
  exit: [],
  onFailure: 'undo-all',
  commit: false,
  promises: ['from'],
});
const draft = (...stages: readonly StageDraft[]): PlanDraft => ({
  format: 1,
  cluster: 'test',
  strategy: 'rolling',
  layout: 'test',
  createdAt: '2026-11-23T09:30:00.000Z',
  from: { address: 'old', port: 1 },
  to: { address: 'new', port: 1 },
  hosts: [],
  notes: [],
  accepted: [],
  stages,
});
const answered = (id: string, verdict: Answered['verdict'], change: Partial<Answered> = {}): Answered => ({
  id,
  verdict,
  title: `title of ${id}`,
  risk: 'service',
  touches: [`unit:${id}`],
  expect: [],
  diffs: [],
  problems: [],
  ...change,
});
const answers = (of: Readonly<Record<string, readonly Answered[]>>): ReadonlyMap<HostId, DryRunAnswer> =>
  new Map(Object.entries(of).map(([host, steps]) => [hostId(host), { steps: [...steps] }]));

const CONFIRM = { confirmWithinMs: 60_000 };

const completed = (t: ExecutionContext, drafted: PlanDraft, of: Readonly<Record<string, readonly Answered[]>>): Plan => {
  const result = completePlan(drafted, answers(of), CONFIRM);
  return result.ok ? result.plan : (t.fail(result.reasons.join()) as never);
};

test('steps take title, risk and files from the host that will do them', (t) => {
  const plan = completed(t, draft(stage('one', [[step('x', a)]])), { a: [answered('x', 'change')] });
  t.like(plan.stages[0]?.waves[0]?.steps[0], { title: 'title of x', risk: 'service', touches: ['unit:x'] });
});

test('a step that changes nothing is left out, and with it its wave and its stage', (t) => {
  const drafted = draft(stage('one', [[step('x', a)], [step('y', b)]]), stage('two', [[step('z', a)]]));
  const plan = completed(t, drafted, { a: [answered('x', 'noop'), answered('z', 'noop')], b: [answered('y', 'change')] });
  t.deepEqual(
    plan.stages.map(({ id, waves }) => [id as string, waves.map(({ title }) => title)]),
    [['one', ['wave 1']]],
  );
});

test('a stage that only looks stays as long as something is changed', (t) => {
  const drafted = draft(stage('look', []), stage('one', [[step('x', a)]]));
  t.deepEqual(
    completed(t, drafted, { a: [answered('x', 'change')] }).stages.map(({ id }) => id as string),
    ['look', 'one'],
  );
  t.true(isEmptyPlan(completed(t, drafted, { a: [answered('x', 'noop')] })));
  t.deepEqual(completed(t, drafted, { a: [answered('x', 'noop')] }).stages, []);
});

test('every refusal of every host comes back at once, each reason once', (t) => {
  const drafted = draft(stage('one', [[step('x', a), step('y', b), step('z', b)]]));
  const result = completePlan(
    drafted,
    answers({
      a: [answered('x', 'refuse', { problems: ['line 3', 'line 4'] })],
      b: [answered('y', 'refuse', { problems: ['line 5'] }), answered('z', 'refuse', { problems: ['line 5'] })],
    }),
    CONFIRM,
  );
  t.deepEqual(result.ok ? [] : result.reasons, ['a: line 3', 'a: line 4', 'b: line 5']);
});

test('a host that did not answer for a step is a refusal, another host cannot answer for it', (t) => {
  const result = completePlan(draft(stage('one', [[step('x', a)]])), answers({ b: [answered('x', 'change')] }), CONFIRM);
  t.deepEqual(result.ok ? [] : result.reasons, ['a: did not answer for x']);
});

test('a host is asked for its steps in the order in which they would run', (t) => {
  const drafted = draft(stage('one', [[step('x', a), step('y', b)], [step('z', a)]]), stage('two', [[step('w', a)]]));
  t.deepEqual(
    stepsOfHost(drafted, a).map(({ id }) => id as string),
    ['x', 'z', 'w'],
  );
});

test('steps that could cut a host off, and no others, wait for a confirmation', (t) => {
  const drafted = draft(stage('one', [[step('x', a), step('y', b)]]));
  const plan = completed(t, drafted, { a: [answered('x', 'change', { risk: 'connectivity' })], b: [answered('y', 'change', { risk: 'service' })] });
  t.deepEqual(
    plan.stages.flatMap(({ waves }) => waves.flatMap(({ steps }) => steps.map(({ confirmWithinMs }) => confirmWithinMs))),
    [60_000, 0],
  );
});
