/** An action together with parameters that its schema has accepted: what the runner dances with. Refuses kinds that this agent does not know. */
import type { Risk } from '@reberth/protocol/plan.ts';
import * as v from 'valibot';
import type { Action, Change, Check, Planned, Standing } from '../actions/action.ts';
import type { HostReader, HostWriter } from '../host/host.ts';

export type ActionFor = (kind: string, version: number) => Action<unknown, unknown> | undefined;

export interface Bound {
  readonly title: string;
  readonly risk: Risk;
  readonly touches: readonly string[];
  /** Inspects and plans; writes nothing. */
  look(host: HostReader, inputs: Readonly<Record<string, string>>): Promise<Planned>;
  compare(host: HostReader, change: Change): Promise<Standing>;
  apply(host: HostWriter, change: Change): Promise<void>;
  verify(host: HostReader, change: Change): Promise<Check>;
  undo(host: HostWriter, change: Change): Promise<void>;
}

interface Named {
  readonly kind: string;
  readonly version: number;
  readonly params: Readonly<Record<string, unknown>>;
}

export type Binding = { readonly ok: true; readonly bound: Bound } | { readonly ok: false; readonly problems: readonly string[] };

export function bind(actionFor: ActionFor, { kind, version, params: raw }: Named): Binding {
  const action = actionFor(kind, version);
  if (action === undefined) return { ok: false, problems: [`this agent does not know ${kind} version ${version}`] };
  const parsed = v.safeParse(action.params, raw);
  if (!parsed.success) return { ok: false, problems: parsed.issues.map((issue) => `${kind}: ${v.getDotPath(issue) ?? 'params'}: ${issue.message}`) };
  const params = parsed.output;
  return {
    ok: true,
    bound: {
      title: action.title(params),
      risk: action.risk,
      touches: action.touches(params),
      look: async (host, inputs) => action.plan(params, await action.inspect(host, params, inputs)),
      compare: (host, change) => action.compare(host, change, params),
      apply: (host, change) => action.apply(host, change, params),
      verify: (host, change) => action.verify(host, change, params),
      undo: (host, change) => action.undo(host, change, params),
    },
  };
}
