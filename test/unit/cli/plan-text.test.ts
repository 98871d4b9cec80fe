import type { Step } from '@reberth/protocol/plan.ts';
import test from 'ava';
import { renderPlan } from '../../../packages/coordinator/src/cli/render/plan.ts';
import { plan, stage, step, wave } from '../../support/plan.ts';

const DIFF = 'Index: /etc/x\n--- /etc/x\n+++ /etc/x\n@@ -1,1 +1,1 @@\n-old\n+new\n';
const text = (...steps: readonly Step[]) => renderPlan(plan([stage('one', [wave('w', steps)])]), 'f'.repeat(64), (_style, words) => words);
const times = (told: string, what: string) => told.split(what).length - 1;

test('a change that was shown for an earlier host is named, not repeated', (t) => {
  const told = text(
    step('a/1', { diffs: [{ path: '/etc/x', diff: DIFF }] }),
    step('b/1', { diffs: [{ path: '/etc/x', diff: DIFF }] }),
    step('c/1', { diffs: [{ path: '/etc/x', diff: DIFF.replace('new', 'other') }] }),
    step('d/1', { diffs: [{ path: '/etc/y', diff: DIFF }] }),
  );
  t.is(times(told, '+new'), 2);
  t.is(times(told, '+other'), 1);
  t.regex(told, /b {2}step b\/1\n\s+\/etc\/x: same change as on a\n/);
});

test('nothing of the patch format but what people read', (t) => {
  const told = text(step('a/1', { diffs: [{ path: '/etc/x', diff: `${'='.repeat(67)}\n${DIFF}` }] }));
  t.notRegex(told, /Index:|={3}/);
  t.regex(told, /--- \/etc\/x\n.*\+\+\+ \/etc\/x\n.*@@/);
});

test('a file that only waits beside the one it becomes is not shown as a new file', (t) => {
  const params = { file: '/etc/x', staged: '/etc/x.reberth' };
  const told = text(
    step('a/stage', {
      params,
      touches: ['file:/etc/x.reberth'],
      diffs: [{ path: '/etc/x.reberth', diff: '--- /dev/null\n+++ /etc/x.reberth\n@@\n+all\n' }],
    }),
    step('a/load', {
      params,
      touches: ['file:/etc/x', 'file:/etc/x.reberth'],
      diffs: [
        { path: '/etc/x', diff: DIFF },
        { path: '/etc/x.reberth', diff: '--- /etc/x.reberth\n+++ /dev/null\n@@\n-gone\n' },
      ],
    }),
  );
  t.notRegex(told, /\+all/);
  t.regex(told, /staged; the change is shown below/);
  t.regex(told, /\+new[\s\S]*-gone/);
});
