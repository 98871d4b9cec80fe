/**
 * What a viewer knows of a rollout, folded from its events: enough to draw a tree or print lines, nothing that decides. Pure.
 */
import type { GateKey, Outcome, RolloutEvent, Verdict } from '@reberth/protocol/event.ts';
import type { Plan } from '@reberth/protocol/plan.ts';

export type Mark = 'pending' | 'doing' | 'done' | 'failed' | 'undone' | 'waiting' | 'skipped';

export interface Progress {
  readonly plan: Plan | undefined;
  readonly direction: 'forward' | 'back';
  readonly stages: ReadonlyMap<string, { readonly mark: Mark; readonly startedAtMs: number; readonly endedAtMs: number | undefined }>;
  readonly steps: ReadonlyMap<string, { readonly mark: Mark; readonly why: string }>;
  readonly gates: ReadonlyMap<GateKey, { readonly verdict: Verdict }>;
  /** running, paused, held: why */
  readonly standing: { readonly is: 'running' | 'paused' | 'held'; readonly why: string };
  readonly ended: { readonly outcome: Outcome; readonly why: string } | undefined;
  readonly lastSeq: number;
}

export const nothingYet: Progress = {
  plan: undefined,
  direction: 'forward',
  stages: new Map(),
  steps: new Map(),
  gates: new Map(),
  standing: { is: 'running', why: '' },
  ended: undefined,
  lastSeq: 0,
};

export function advance(progress: Progress, event: RolloutEvent): Progress {
  return { ...progress, ...change(progress, event), lastSeq: event.seq };
}

function change(progress: Progress, { atMs, body }: RolloutEvent): Partial<Progress> {
  switch (body.type) {
    case 'created':
      return { plan: body.plan };
    case 'stage-started':
      return { stages: put(progress.stages, body.stage, { mark: 'doing', startedAtMs: atMs, endedAtMs: undefined }) };
    case 'stage-ended':
      return {
        stages: put(progress.stages, body.stage, {
          mark: body.direction === 'back' ? 'undone' : 'done',
          startedAtMs: progress.stages.get(body.stage)?.startedAtMs ?? atMs,
          endedAtMs: atMs,
        }),
      };
    case 'asked':
      return {
        steps: put(progress.steps, body.step, {
          mark: 'doing',
          why: body.operation === 'undo' ? 'taking back' : body.operation === 'confirm' ? 'confirming' : '',
        }),
      };
    case 'reported':
      return { steps: put(progress.steps, body.report.step, markOf(body.report)) };
    case 'unreachable':
      return { steps: put(progress.steps, body.step, { mark: 'waiting', why: body.why }) };
    case 'sign-refused':
      return { steps: put(progress.steps, body.step, { mark: 'failed', why: body.why }) };
    case 'gate-opened':
      return { gates: put(progress.gates, body.gate, { verdict: { is: 'wait', why: 'looking' } }) };
    case 'gate-judged':
      return { gates: put(progress.gates, body.gate, { verdict: body.verdict }) };
    case 'gate-gave-up':
      return { gates: put(progress.gates, body.gate, { verdict: { is: 'fail', why: body.why } }) };
    case 'turned-back':
      return { direction: 'back', standing: running };
    case 'paused':
      return { standing: { is: 'paused', why: `paused by ${body.by}` } };
    case 'held':
      return { standing: { is: 'held', why: body.why } };
    case 'resumed':
    case 'approved':
      return { standing: running };
    case 'abort-asked':
    case 'undo-asked':
      return { standing: running, direction: 'back', ended: undefined };
    case 'ended':
      return { ended: { outcome: body.outcome, why: body.why } };
    // Also while it is paused: a host comes back, a step that is through is confirmed.
    case 'reachable':
    case 'epoch-taken':
    case 'signed':
    case 'measured':
    case 'looked':
      return {};
    default:
      return body satisfies never;
  }
}

const running: Progress['standing'] = { is: 'running', why: '' };

const put = <K, V>(map: ReadonlyMap<K, V>, key: K, value: V): ReadonlyMap<K, V> => new Map(map).set(key, value);

function markOf({ outcome, why }: { readonly outcome: string; readonly why: string }): { readonly mark: Mark; readonly why: string } {
  if (outcome === 'undone') return { mark: 'undone', why };
  return outcome === 'done' || outcome === 'noop' || outcome === 'confirmed' ? { mark: 'done', why } : { mark: 'failed', why };
}
