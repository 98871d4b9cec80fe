/**
 * What steps of this host would do, in their order, each on top of what the earlier ones would leave. Holds a reader only. A file whose
 * content will be made on the host stays as it is for later steps, and what they expect of it before is left out: nobody can know it yet.
 */
import { messageOf } from '@reberth/protocol/errors.ts';
import type { DryRunAnswer, DryRunRequest } from '@reberth/protocol/query.ts';
import type { Change, Planned, StoredFile } from '../actions/action.ts';
import type { HostReader } from '../host/host.ts';
import { type ActionFor, bind } from './bound.ts';
import { overlayReader } from './overlay-reader.ts';

type DryRunStep = DryRunAnswer['steps'][number];

export async function dryRun(host: HostReader, actionFor: ActionFor, { steps }: DryRunRequest): Promise<DryRunAnswer> {
  const overlay = new Map<string, StoredFile | undefined>();
  const made = new Set<string>();
  const reader = overlayReader(host, overlay);
  const answers: DryRunStep[] = [];
  for (const step of steps) {
    const binding = bind(actionFor, step);
    if (!binding.ok) {
      answers.push({
        id: step.id,
        verdict: 'refuse',
        title: step.kind,
        risk: 'local',
        touches: [],
        expect: [],
        diffs: [],
        problems: [...binding.problems],
      });
      continue;
    }
    const { title, risk, touches } = binding.bound;
    const planned = await binding.bound.look(reader, {}).catch((error: unknown): Planned => ({ is: 'refuse', problems: [messageOf(error)] }));
    answers.push({ id: step.id, title, risk, touches: [...touches], ...verdictOf(planned, made) });
    if (planned.is === 'change') layOver(planned.change, overlay, made);
  }
  return { steps: answers };
}

function verdictOf(planned: Planned, made: ReadonlySet<string>): Pick<DryRunStep, 'verdict' | 'expect' | 'diffs' | 'problems'> {
  switch (planned.is) {
    case 'noop':
      return { verdict: 'noop', expect: [], diffs: [], problems: [] };
    case 'refuse':
      return { verdict: 'refuse', expect: [], diffs: [], problems: [...planned.problems] };
    case 'change': {
      const known = planned.change.files.filter(({ path }) => !made.has(path));
      return {
        verdict: 'change',
        expect: known.map(({ path, before, after }) => ({ path, before, after })),
        diffs: [...planned.diffs],
        problems: [],
      };
    }
    default:
      return planned satisfies never;
  }
}

function layOver({ files }: Change, overlay: Map<string, StoredFile | undefined>, made: Set<string>): void {
  for (const { path, after, content } of files) {
    if (after === 'made-on-host') {
      made.add(path);
    } else {
      made.delete(path);
      overlay.set(path, content);
    }
  }
}
