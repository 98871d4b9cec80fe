import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Report } from '@reberth/protocol/ask.ts';
import { digest } from '@reberth/protocol/canonical.ts';
import { ReberthError } from '@reberth/protocol/errors.ts';
import { hostId, stageId, stepId } from '@reberth/protocol/ids.ts';
import test, { type ExecutionContext } from 'ava';
import { connect } from '../../../packages/coordinator/src/cli/client.ts';
import { commands } from '../../../packages/coordinator/src/cli/commands/index.ts';
import { ROLLOUT } from '../../support/fake-coordinator.ts';
import { plan, smallPlan, stage, step, wave } from '../../support/plan.ts';
import { type DeskOptions, openDesk } from './harness.ts';

const desk = async (t: ExecutionContext, options: DeskOptions = {}) => {
  const opened = await openDesk(smallPlan(), options);
  t.teardown(opened.close);
  return opened;
};

const reported = (id: string, outcome: Report['outcome'] = 'done') => ({
  type: 'reported' as const,
  report: {
    rollout: ROLLOUT,
    step: stepId(id),
    operation: 'do' as const,
    attempt: 1,
    host: hostId(id.split('/')[0] ?? id),
    outcome,
    left: 'after' as const,
    why: '',
    startedAtMs: 0,
    endedAtMs: 1,
    outputs: {},
  },
});
const asked = (id: string) => ({ type: 'asked' as const, step: stepId(id), operation: 'do' as const, attempt: 1, counter: 1 });
const done = { type: 'ended', outcome: 'done', why: '' } as const;
const rolledBack = { type: 'ended', outcome: 'rolled-back', why: 'undo asked' } as const;

/** Waits for what another part brings about; the limit of the test is the limit of the wait. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test('a plan is printed as a runbook, saved with its digest, and applied without naming it', async (t) => {
  const { reberth, planFile, coordinator } = await desk(t);
  const made = await reberth('plan', '--to', '192.0.2.40');
  t.is(made.code, 0, made.err);
  t.regex(made.out, /Move test from 192\.0\.2\.39:8443 to 192\.0\.2\.40:8443/);
  t.regex(made.out, /next: {2}reberth apply/);
  t.regex(made.err, /asking every host/);
  t.is(digest(JSON.parse(await readFile(planFile, 'utf8'))), digest(smallPlan()));
  t.is((await stat(planFile)).mode & 0o777, 0o600);

  coordinator.answers.apply = () =>
    coordinator.record({ type: 'stage-started', stage: stageId('one'), direction: 'forward' }, asked('a/1'), reported('a/1'), done);
  const applied = await reberth('apply', '--yes');
  t.is(applied.code, 0, applied.err);
  t.deepEqual(coordinator.asked, ['plan to 192.0.2.40', 'apply by operator']);
  t.regex(applied.out, /stage 1\/2: stage one/);
  t.regex(applied.out, /a {2}done: step a\/1/);
});

test('a refused plan ends with 3 and all reasons at once', async (t) => {
  const { reberth, coordinator, planFile } = await desk(t);
  coordinator.made = { ok: false, reasons: ['192.0.2.40 answers already', 'host 192.0.2.45 is silent'] };
  const { code, err } = await reberth('plan', '--to', '192.0.2.40');
  t.is(code, 3);
  t.regex(err, /these 2 reasons/);
  t.regex(err, /192\.0\.2\.40 answers already[\s\S]*192\.0\.2\.45 is silent/);
  t.regex(err, /state: nothing was changed/);
  t.regex(err, /next:/);
  await t.throwsAsync(readFile(planFile), { code: 'ENOENT' });
  const json = await reberth('plan', '--to', '192.0.2.40', '--json');
  t.is(json.code, 3);
  t.deepEqual(JSON.parse(json.out), { refused: { reasons: ['192.0.2.40 answers already', 'host 192.0.2.45 is silent'] } });
});

test('the JSON of a plan can be applied as it was printed, also with other spacing', async (t) => {
  const { reberth, folder, coordinator } = await desk(t);
  const { out } = await reberth('plan', '--to', '192.0.2.40', '--json');
  const file = join(folder, 'pretty.json');
  await writeFile(file, JSON.stringify(JSON.parse(out), undefined, 4));
  coordinator.answers.apply = () => coordinator.record(done);
  t.is((await reberth('apply', file, '--yes')).code, 0);
});

test('a plan with a file of its own is also the one that apply takes next', async (t) => {
  const { reberth, folder, planFile } = await desk(t);
  t.is((await reberth('plan', '--to', '192.0.2.40', '--out', join(folder, 'mine.json'))).code, 0);
  t.deepEqual(await readFile(join(folder, 'mine.json')), await readFile(planFile));
});

test('an empty plan has nothing to apply', async (t) => {
  const { reberth, coordinator } = await desk(t);
  coordinator.made = { ok: true, plan: plan([]) };
  t.regex((await reberth('plan', '--to', '192.0.2.40')).out, /Nothing to do/);
  t.is((await reberth('apply', '--yes')).code, 0);
  t.deepEqual(coordinator.asked, ['plan to 192.0.2.40']);
});

test('apply without a terminal needs --yes, and says so', async (t) => {
  const { reberth, coordinator } = await desk(t);
  await reberth('plan', '--to', '192.0.2.40');
  const { code, err } = await reberth('apply');
  t.is(code, 2);
  t.regex(err, /next: {2}reberth apply --yes/);
  t.false(coordinator.asked.some((what) => what.startsWith('apply')));
});

test('a no at the question starts nothing', async (t) => {
  const { reberth, coordinator } = await desk(t, { terminal: true, confirm: false });
  await reberth('plan', '--to', '192.0.2.40');
  t.regex((await reberth('apply')).err, /nothing was started/);
  t.false(coordinator.asked.some((what) => what.startsWith('apply')));
});

test('a rollout that is rolled back ends apply with 1, one that is held with 4', async (t) => {
  for (const [last, expected] of [
    [{ type: 'ended', outcome: 'rolled-back', why: 'canary failed' } as const, 1],
    [{ type: 'ended', outcome: 'failed', why: 'host lost' } as const, 1],
    [{ type: 'held', why: 'stragglers' } as const, 4],
  ] as const) {
    const { reberth, coordinator } = await desk(t);
    await reberth('plan', '--to', '192.0.2.40');
    coordinator.answers.apply = () => coordinator.record(last);
    t.is((await reberth('apply', '--yes')).code, expected, last.why);
  }
});

test('apply --json prints every event as a line of JSON and nothing else', async (t) => {
  const { reberth, coordinator } = await desk(t);
  await reberth('plan', '--to', '192.0.2.40');
  coordinator.answers.apply = () => coordinator.record(asked('a/1'), reported('a/1'), done);
  const { out, code } = await reberth('apply', '--yes', '--json', '--hold-after', 'one');
  t.is(code, 0);
  const events = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { seq: number; body: { type: string } });
  t.deepEqual(
    events.map(({ body }) => body.type),
    ['created', 'asked', 'reported', 'ended'],
  );
  t.deepEqual(
    events.map(({ seq }) => seq),
    [1, 2, 3, 4],
  );
  t.true(coordinator.asked.includes('apply by operator holding after one'));
});

test('a stage to hold after that the plan does not have is a usage error', async (t) => {
  const { reberth } = await desk(t);
  await reberth('plan', '--to', '192.0.2.40');
  const { code, err } = await reberth('apply', '--yes', '--hold-after', 'nowhere');
  t.is(code, 2);
  t.regex(err, /one, two/);
});

test('on a terminal the rollout is drawn as a tree', async (t) => {
  const { reberth, coordinator, frames } = await desk(t, { terminal: true });
  await reberth('plan', '--to', '192.0.2.40');
  coordinator.answers.apply = () =>
    coordinator.record({ type: 'stage-started', stage: stageId('one'), direction: 'forward' }, asked('a/1'), reported('a/1'), done);
  await reberth('apply', '--yes');
  t.true(frames.some((frame) => /→ 1\/2 stage one/.test(frame)));
  t.regex(frames.at(-1) ?? '', /done/);
});

test('ctrl-C pauses, and stays until no step is in flight', async (t) => {
  const { reberth, coordinator, interrupt } = await desk(t);
  await reberth('plan', '--to', '192.0.2.40');
  coordinator.answers.apply = () => coordinator.record({ type: 'stage-started', stage: stageId('one'), direction: 'forward' }, asked('a/1'));
  const applying = reberth('apply', '--yes');
  let ended = false;
  void applying.then(() => {
    ended = true;
  });
  await interrupt();
  await until(() => coordinator.asked.includes('pause'));
  t.is((await reberth('status', '--json')).code, 0);
  t.false(ended, 'a/1 is in flight');
  coordinator.record(reported('a/1'));
  const { code, out, err } = await applying;
  t.is(code, 4);
  t.regex(err, /steps in flight are finished first/);
  t.regex(out, /a {2}done: step a\/1[\s\S]*paused/);
});

test('a second ctrl-C leaves at once, and the rollout is not told to do anything more', async (t) => {
  const { reberth, coordinator, interrupt } = await desk(t);
  await reberth('plan', '--to', '192.0.2.40');
  coordinator.answers.apply = () => coordinator.record(asked('a/1'));
  const applying = reberth('apply', '--yes');
  await interrupt();
  await until(() => coordinator.asked.includes('pause'));
  await interrupt();
  t.is((await applying).code, 4);
  t.deepEqual(coordinator.asked.slice(1), ['apply by operator', 'pause']);
});

test('on a terminal the remark about the pause is part of the picture, not a line that pushes it away', async (t) => {
  const { reberth, coordinator, interrupt, frames } = await desk(t, { terminal: true });
  await reberth('plan', '--to', '192.0.2.40');
  coordinator.answers.apply = () => coordinator.record({ type: 'stage-started', stage: stageId('one'), direction: 'forward' }, asked('a/1'));
  const applying = reberth('apply', '--yes');
  await interrupt();
  await until(() => coordinator.asked.includes('pause'));
  t.true(frames.some((frame) => /stage one[\s\S]*steps in flight are finished first/.test(frame)));
  coordinator.record(reported('a/1'));
  const { err } = await applying;
  t.notRegex(err, /in flight/);
  t.notRegex(frames.at(-1) ?? '', /in flight/);
});

test('leaving watch changes nothing', async (t) => {
  const { reberth, coordinator, interrupt } = await desk(t);
  coordinator.record({ type: 'created', plan: smallPlan(), planDigest: digest(smallPlan()), by: 'operator', epoch: 1 });
  const watching = reberth('watch');
  await interrupt();
  t.is((await watching).code, 0);
  t.deepEqual(coordinator.asked, []);
});

test('a coordinator that restarts under a follower is asked again from the last event seen', async (t) => {
  const { reberth, coordinator, restart } = await desk(t);
  coordinator.record({ type: 'created', plan: smallPlan(), planDigest: digest(smallPlan()), by: 'operator', epoch: 1 }, asked('a/1'));
  const watching = reberth('watch', '--json');
  await until(() => coordinator.watchers() === 1);
  await restart();
  coordinator.record(reported('a/1'), done);
  const { code, out, err } = await watching;
  t.is(code, 0, err);
  t.deepEqual(
    out
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { seq: number }).seq),
    [1, 2, 3, 4],
  );
});

test('undo of a finished rollout is a success when everything was taken back', async (t) => {
  const { reberth, coordinator } = await desk(t);
  await reberth('plan', '--to', '192.0.2.40');
  coordinator.answers.apply = () => coordinator.record(done);
  await reberth('apply', '--yes');
  coordinator.answers.undo = () => coordinator.record({ type: 'turned-back', scope: 'all', why: 'undo asked' }, rolledBack);
  const { code, out } = await reberth('undo', '--yes');
  t.is(code, 0);
  t.regex(out, /rolled-back: undo asked/);
  t.notRegex(out, /rollout created/, 'what was known before is not told again');
});

test('undo that fails ends with 1', async (t) => {
  const { reberth, coordinator } = await desk(t);
  await reberth('plan', '--to', '192.0.2.40');
  coordinator.answers.apply = () => coordinator.record(done);
  await reberth('apply', '--yes');
  coordinator.answers.undo = () => coordinator.record({ type: 'ended', outcome: 'failed', why: 'host lost' });
  t.is((await reberth('undo', '--yes')).code, 1);
});

test('undo asks before it begins, abort does not', async (t) => {
  const { reberth, coordinator } = await desk(t);
  await reberth('plan', '--to', '192.0.2.40');
  coordinator.answers.apply = () => coordinator.record({ type: 'held', why: 'for you' });
  await reberth('apply', '--yes');
  t.is((await reberth('undo')).code, 2);
  t.false(coordinator.asked.includes('undo'));
  coordinator.answers.abort = () => coordinator.record(rolledBack);
  t.is((await reberth('abort')).code, 0);
});

test('watch shows what happened before it came, and ends with the outcome', async (t) => {
  const { reberth, coordinator } = await desk(t);
  t.is((await reberth('watch')).code, 0, 'nothing to watch is no failure');
  coordinator.record({ type: 'created', plan: smallPlan(), planDigest: digest(smallPlan()), by: 'operator', epoch: 1 }, asked('a/1'));
  const watching = reberth('watch', ROLLOUT);
  coordinator.record(reported('a/1'), { type: 'ended', outcome: 'failed', why: 'host lost' });
  const { code, out } = await watching;
  t.is(code, 1);
  t.regex(out, /rollout created by operator[\s\S]*step a\/1[\s\S]*failed: host lost/);
});

test('status, hosts, report, health, doctor and events have JSON for programs', async (t) => {
  const { reberth, coordinator } = await desk(t);
  coordinator.record({ type: 'created', plan: smallPlan(), planDigest: digest(smallPlan()), by: 'operator', epoch: 1 }, done);
  t.is(JSON.parse((await reberth('status', '--json')).out).state, 'done');
  t.is(JSON.parse((await reberth('hosts', '--json')).out)[0].id, '192.0.2.41');
  t.is(JSON.parse((await reberth('report', '--format', 'json')).out).outcome, 'done');
  t.is(JSON.parse((await reberth('health', '--json')).out).level, 'ok');
  t.deepEqual(JSON.parse((await reberth('doctor', '--json')).out), []);
  t.is((await reberth('events', '--json')).out.trim().split('\n').length, 2);
});

test('the report says what was measured, and its page escapes what it shows', async (t) => {
  const { reberth } = await desk(t);
  t.regex((await reberth('report')).out, /600 requests from 1 observer, 0 failed/);
  const { out } = await reberth('report', '--format', 'html');
  t.regex(out, /widen &lt;both&gt;/);
  t.notRegex(out, /widen <both>/);
});

test('doctor ends with 1 when a plan would be refused', async (t) => {
  const { reberth, coordinator } = await desk(t);
  t.is((await reberth('doctor')).code, 0);
  coordinator.findings = [{ subject: 'clock', level: 'problem', text: '192.0.2.43 is 7 s behind', next: 'chronyc tracking on 192.0.2.43' }];
  const { code, out } = await reberth('doctor');
  t.is(code, 1);
  t.regex(out, /7 s behind\n +next: {2}chronyc/);
});

test('an error of the coordinator keeps its sentence and its hint, and tells the state of things', async (t) => {
  const { reberth, coordinator } = await desk(t);
  const { code, err } = await reberth('facts', '192.0.2.45');
  t.is(code, 1);
  t.regex(err, /cannot ask 192\.0\.2\.45: it has not answered for 5 s/);
  t.regex(err, /state: no rollout was ever started/);
  t.regex(err, /next: {2}systemctl status reberth-agent on that host/);
  await reberth('plan', '--to', '192.0.2.40');
  coordinator.fails = new ReberthError('plan-stale', 'cannot apply: 2 hosts changed', { reasons: ['a', 'b'] });
  const stale = await reberth('apply', '--yes');
  t.is(stale.code, 3);
  t.regex(stale.err, /\* a\n {2}\* b\n/);
});

test('a coordinator that cannot be reached ends with 5 and names the next step', async (t) => {
  const { reberth } = await desk(t, { unreachable: true });
  const { code, err } = await reberth('status');
  t.is(code, 5);
  t.regex(err, /cannot reach the coordinator at 127\.0\.0\.1:1[\s\S]*state: [\s\S]*next: {2}systemctl/);
});

test("a certificate of the right CA that is not an operator's opens nothing", async (t) => {
  const { as, tls } = await desk(t);
  const api = await as(await tls.issue('agent-192.0.2.43'));
  t.teardown(() => api.close());
  await t.throwsAsync(api.status(''), { code: 'not-allowed' });
});

test('a server of the right CA that is not the one asked for is not believed', async (t) => {
  const { as, tls, restart } = await desk(t);
  await restart(await tls.issue('coordinator', '192.0.2.99'));
  await t.throwsAsync(as(tls.operator), { code: 'coordinator-unreachable' });
});

test('every command has help with examples, and mistakes end with 2', async (t) => {
  const { reberth } = await desk(t);
  for (const { name } of commands) {
    const { code, out } = await reberth(name, '--help');
    t.is(code, 0, name);
    t.regex(out, new RegExp(`Examples:\\n {2}\\$ .*reberth ${name}`), name);
  }
  t.is((await reberth('--help')).code, 0);
  for (const wrong of [
    ['nonsense'],
    ['plan'],
    ['plan', '--to', '192.0.2.40', '--batch', 'two'],
    ['report', '--format', 'pdf'],
    ['completion', 'tcsh'],
    ['facts'],
  ]) {
    const { code, err } = await reberth(...wrong);
    t.is(code, 2, wrong.join(' '));
    t.regex(err, /cannot run this: [\s\S]*state: [\s\S]*next: /, wrong.join(' '));
  }
});

test('init takes hosts and masters from the inventory, or from the command line', async (t) => {
  const { reberth, folder, initialised } = await desk(t);
  const inventory = join(folder, 'hosts');
  await writeFile(inventory, '[etcd]\n192.0.2.41 NODE_NAME=etcd1\n[kube-master]\n192.0.2.41\n192.0.2.42\n[all:vars]\nCLUSTER="x"\n');
  const { code, out, err } = await reberth('init', '--cluster', 'kubeasz', '--address', '192.0.2.41', '--inventory', inventory);
  t.is(code, 0, err);
  t.regex(out, /next: .*reberth doctor/);
  t.deepEqual(initialised[0], {
    cluster: 'kubeasz',
    address: '192.0.2.41',
    hosts: ['192.0.2.41', '192.0.2.42'],
    masters: ['192.0.2.41:6443', '192.0.2.42:6443'],
    kubeconfig: '/root/.kube/config',
    caFile: '/etc/kubernetes/ssl/ca.pem',
    caKeyFile: '/etc/kubernetes/ssl/ca-key.pem',
    folder: '/etc/reberth',
    operatorFolder: '/root/.config/reberth',
  });
  await reberth('init', '--address', '192.0.2.41', '--hosts', 'a, b', '--masters', 'a:6443');
  t.deepEqual(initialised[1]?.hosts, ['a', 'b']);
  t.is((await reberth('init', '--address', '192.0.2.41', '--inventory', join(folder, 'absent'))).code, 2);
});

test('a damaged plan file is refused before anything is asked', async (t) => {
  const { reberth, folder, coordinator } = await desk(t);
  const file = join(folder, 'broken.json');
  await writeFile(file, '{"format":2}');
  const { code, err } = await reberth('apply', file, '--yes');
  t.is(code, 2);
  t.regex(err, /it is no plan[\s\S]*state: nothing was changed/);
  t.deepEqual(coordinator.asked, []);
});

test('a plan of one step is counted in the singular at the question', async (t) => {
  const single = await openDesk(plan([stage('one', [wave('w0', [step('a/1')])])]), { terminal: true, confirm: true });
  t.teardown(single.close);
  await single.reberth('plan', '--to', '192.0.2.40');
  single.coordinator.answers.apply = () => single.coordinator.record(done);
  t.regex((await single.reberth('apply')).err, /1 step in 1 stage on 1 host/);
});

test('a plan is saved in folders that exist and nowhere else, and leaves nothing half written', async (t) => {
  const { reberth, folder } = await desk(t);
  const { code, err } = await reberth('plan', '--to', '192.0.2.40', '--out', join(folder, 'absent/plan.json'));
  t.is(code, 2);
  t.regex(err, /cannot save the plan as .*absent\/plan\.json: there is no such file or folder/);
  t.is((await reberth('plan', '--to', '192.0.2.40', '--out', folder)).code, 2);
  await t.throwsAsync(stat(`${folder}.new`), { code: 'ENOENT' });
});

test('a number that makes no sense is refused before the coordinator is asked', async (t) => {
  const { reberth, coordinator } = await desk(t);
  for (const option of ['--batch', '--router-id']) {
    const { code, err } = await reberth('plan', '--to', '192.0.2.40', option, '0');
    t.is(code, 2);
    t.regex(err, /next: {2}reberth plan --help/);
  }
  t.deepEqual(coordinator.asked, []);
});

test('a lost key of the operator is no internal error', async (t) => {
  const { folder } = await desk(t);
  await t.throwsAsync(
    connect({ coordinator: '127.0.0.1:1', caFile: join(folder, 'no.crt'), certificateFile: join(folder, 'no.crt'), keyFile: join(folder, 'no.key') }),
    { code: 'config-invalid', message: /cannot read .*: there is no such file or folder/ },
  );
});

test('a plan file that was cut short says so in words', async (t) => {
  const { reberth, planFile } = await desk(t);
  await reberth('plan', '--to', '192.0.2.40');
  await writeFile(planFile, (await readFile(planFile, 'utf8')).slice(0, 200));
  const { code, err } = await reberth('apply', '--yes');
  t.is(code, 2);
  t.regex(err, /it is not JSON, or only a part of it[\s\S]*next: {2}reberth plan --to ADDRESS/);
});
