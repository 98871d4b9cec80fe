/** Places where a rule can be broken on purpose, to see that the simulator notices. Each stands in for a part, and is the part itself by default. */
import type { Journal } from '@reberth/agent/journal/journal.ts';
import type { Marks } from '@reberth/agent/journal/marks.ts';
import type { Storage } from '@reberth/agent/journal/storage.ts';
import type { Runner } from '@reberth/agent/runner/runner.ts';
import type { decide } from '@reberth/coordinator/rollout/decide.ts';
import type { Store } from '@reberth/coordinator/store/store.ts';

export interface Seams {
  marks(marks: Marks): Marks;
  journal(journal: Journal): Journal;
  storage(storage: Storage): Storage;
  runner(runner: Runner): Runner;
  store(store: Store): Store;
  decide: typeof decide | undefined;
}

export const unbroken: Seams = {
  marks: (marks) => marks,
  journal: (journal) => journal,
  storage: (storage) => storage,
  runner: (runner) => runner,
  store: (store) => store,
  decide: undefined,
};
