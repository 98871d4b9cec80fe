import { lintPlan } from '@reberth/coordinator/planner/lint.ts';
import { hostId, stepId } from '@reberth/protocol/ids.ts';
import type { Plan, Stage, Step } from '@reberth/protocol/plan.ts';
import test from 'ava';
import { gate, plan, stage, step, wave } from '../../support/plan.ts';

const known = gate('workloads-unchanged');
const looked = { exit: [known], back: [] };
const on = (host: string, risk: Step['risk'], id = `${host}/${risk}`) => step(id, { host: hostId(host), risk });
const planOf = (steps: readonly (readonly Step[])[], change: Partial<Stage> = {}): Plan => ({
  ...plan([
    stage(
      's',
      steps.map((wanted, index) => wave(`w${index}`, wanted, looked)),
      { enter: [], exit: [], ...change },
    ),
  ]),
  hosts: ['m1', 'm2', 'n1', 'n2'].map((host) => ({ id: hostId(host), address: host, roles: [host.startsWith('m') ? 'kube-master' : 'kube-node'] })),
});
const faults = (made: Plan, batch = 2) => lintPlan(made, { batch });

test('nodes side by side within the batch are fine, and so are masters one after the other', (t) => {
  t.deepEqual(faults(planOf([[on('n1', 'service'), on('n2', 'service')], [on('m1', 'service')], [on('m2', 'connectivity')]])), []);
});

test('two control-plane hosts disturbed at once are refused, writing files on both is not', (t) => {
  t.deepEqual(faults(planOf([[on('m1', 'service'), on('m2', 'service')]])), ['stage s, wave "w0" disturbs 2 control-plane hosts at once']);
  t.deepEqual(faults(planOf([[on('m1', 'local'), on('m2', 'local')]])), []);
});

test('more hosts at once than the batch allows are refused', (t) => {
  t.deepEqual(faults(planOf([[on('n1', 'service'), on('n2', 'service')]]), 1), ['stage s, wave "w0" disturbs 2 hosts at once, and 1 are allowed']);
});

test('a disturbance with no gate after it is refused', (t) => {
  const blind = plan([stage('s', [wave('w', [on('n1', 'service')], { exit: [], back: [] })], { enter: [], exit: [] })]);
  t.deepEqual(faults(blind), ['stage s, wave "w" disturbs a host and has no gate after it']);
});

test('a step that occurs twice is refused', (t) => {
  t.deepEqual(faults(planOf([[on('n1', 'local', 'x')], [on('n1', 'local', 'x')]])), ['step x occurs twice']);
});

test('a value may come from a step before, and not from one after', (t) => {
  const needs = step('n1/install', { inputs: [{ name: 'certificate', from: stepId('n1/request'), signedAs: 'serving-certificate' }] });
  const request = step('n1/request');
  t.deepEqual(faults(planOf([[request, needs]])), []);
  t.deepEqual(faults(planOf([[needs], [request]])), ['step n1/install needs n1/request, which does not come before it']);
});

test('a gate that does not exist or does not fit is refused wherever it stands', (t) => {
  const bad = [gate('no-such-gate')];
  const misfit = [gate('nodes-ready', { params: {} })];
  t.regex(faults(planOf([], { enter: bad })).join(), /^stage s, there is no gate "no-such-gate"; known: address-silent, /);
  t.is(faults(planOf([], { exit: misfit })).length, 1);
  t.is(faults(plan([stage('s', [wave('w', [], { exit: misfit, back: bad })], { enter: [], exit: [] })])).length, 2);
});
