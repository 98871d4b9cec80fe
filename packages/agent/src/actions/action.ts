/**
 * The shape of every change that Reberth can make on a host. An action says what it would touch, looks without writing, decides
 * purely, changes, verifies by looking again, and takes back; `apply` and `undo` are safe to run twice. The runner does the same dance
 * around all of them: journal first, change second.
 */
import type { FileDiff, FileExpectation, Risk } from '@reberth/protocol/plan.ts';
import type { GenericSchema } from 'valibot';
import type { HostReader, HostWriter } from '../host/host.ts';

/** What a change will do to files, and what undo needs. Saved in the journal before the first write; before-images are kept beside it by hash. */
export interface Change {
  readonly files: readonly PlannedFile[];
  /** Units that read these files, with the invocation they had before. Undo brings back the files and then any of these units that was started again since. */
  readonly readers: readonly { readonly unit: string; readonly invocationBefore: string }[];
  /** What only this kind of action needs to know; plain JSON. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface PlannedFile extends FileExpectation {
  /** Content and attributes to be written; undefined means absent. In memory only: the journal keeps it by hash, 0600. */
  readonly content: StoredFile | undefined;
  readonly original: StoredFile | undefined;
}

export interface StoredFile {
  readonly bytes: Buffer;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export type Planned =
  | { readonly is: 'noop'; readonly why: string }
  | { readonly is: 'change'; readonly change: Change; readonly diffs: readonly FileDiff[] }
  | { readonly is: 'refuse'; readonly problems: readonly string[] };

export type Standing = 'before' | 'after' | 'between' | 'foreign';

export type Check = { readonly ok: true; readonly outputs?: Readonly<Record<string, string>> } | { readonly ok: false; readonly why: string };

export interface Action<Params, Seen> {
  readonly kind: string;
  readonly version: number;
  readonly risk: Risk;
  readonly params: GenericSchema<unknown, Params>;
  title(params: Params): string;
  /** `file:/…`, `unit:…`, `addr:…`; a superset of what apply and undo touch. */
  touches(params: Params): readonly string[];
  /** `inputs`: values that earlier steps made (a signed certificate). Absent in a dry run. */
  inspect(host: HostReader, params: Params, inputs: Readonly<Record<string, string>>): Promise<Seen>;
  /** Pure. */
  plan(params: Params, seen: Seen): Planned;
  /** Where the host stands with regard to this change, for files and running services together. */
  compare(host: HostReader, change: Change, params: Params): Promise<Standing>;
  apply(host: HostWriter, change: Change, params: Params): Promise<void>;
  verify(host: HostReader, change: Change, params: Params): Promise<Check>;
  undo(host: HostWriter, change: Change, params: Params): Promise<void>;
}

/** Gives an action its types and nothing else. */
export const defineAction = <Params, Seen>(action: Action<Params, Seen>): Action<Params, Seen> => action;
