/** Tools of the conformance walk: an action with one fixture, planned once, and hosts on which that change is carried out. */
import { createHash } from 'node:crypto';
import type { Change, Planned, PlannedFile, StoredFile } from '@reberth/agent/actions/action.ts';
import type { AnyAction } from '@reberth/agent/actions/index.ts';
import { Crash, type MemoryHost, type Snapshot } from '@reberth/agent/host/memory/memory-host.ts';
import * as v from 'valibot';
import type { Fixture } from './fixtures/fixture.ts';

/** What happens on a host by itself after a crash, before anybody looks again: longer than any script of the fixtures takes. */
const SETTLE_MS = 20_000;

export interface Case {
  readonly name: string;
  readonly action: AnyAction;
  readonly fixture: Fixture;
  readonly params: unknown;
}

export const caseOf = (action: AnyAction, fixture: Fixture): Case => ({
  name: `${action.kind}: ${fixture.title}`,
  action,
  fixture,
  params: v.parse(action.params, fixture.params),
});

export async function planOn(host: MemoryHost, { action, fixture, params }: Case, inputs = fixture.inputs ?? {}): Promise<Planned> {
  return action.plan(params, await action.inspect(host, params, inputs));
}

/** The change as a restarted agent finds it: through JSON, contents by hash. */
export async function changeFor(each: Case): Promise<Change> {
  const planned = await planOn(await each.fixture.host(), each);
  if (planned.is !== 'change') throw new Error(`the fixture has nothing to do: ${JSON.stringify(planned)}`);
  return throughJournal(planned.change);
}

export function throughJournal(change: Change): Change {
  const blobs = new Map<string, Buffer>();
  const keep = (file: StoredFile | undefined) => {
    if (file === undefined) return 'absent' as const;
    const sha256 = hashOf(file.bytes);
    blobs.set(sha256, file.bytes);
    return { sha256, mode: file.mode, uid: file.uid, gid: file.gid };
  };
  const kept = JSON.stringify({
    ...change,
    files: change.files.map((file) => ({ ...file, original: keep(file.original), content: keep(file.content) })),
  });
  const back = (file: ReturnType<typeof keep>): StoredFile | undefined =>
    file === 'absent' ? undefined : { bytes: Buffer.from(blobs.get(file.sha256) ?? []), mode: file.mode, uid: file.uid, gid: file.gid };
  const read = JSON.parse(kept) as Omit<Change, 'files'> & {
    files: (Omit<PlannedFile, 'original' | 'content'> & { original: ReturnType<typeof keep>; content: ReturnType<typeof keep> })[];
  };
  return { ...read, files: read.files.map((file) => ({ ...file, original: back(file.original), content: back(file.content) })) };
}

export const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Files, what running services have read, and addresses; not how often a service was started. */
export interface Look {
  readonly files: Snapshot['files'];
  readonly services: Readonly<Record<string, unknown>>;
  readonly addresses: readonly string[];
}

export async function settled(host: MemoryHost): Promise<Look> {
  const fresh = host.open();
  await fresh.sleep(SETTLE_MS);
  const { files, units, addresses } = fresh.snapshot();
  return { files, services: Object.fromEntries(Object.entries(units).map(([name, { active, loaded }]) => [name, { active, loaded }])), addresses };
}

/** Runs the deed into a crash at its n-th call; says whether the deed got that far. The host is opened again by the caller. */
export async function crashed(host: MemoryHost, n: number, when: 'before' | 'after', deed: (host: MemoryHost) => Promise<void>): Promise<boolean> {
  host.crashAt(n, when);
  try {
    await deed(host);
    return false;
  } catch (error) {
    if (error instanceof Crash) return true;
    throw error;
  }
}

export const WHEN = ['before', 'after'] as const;
