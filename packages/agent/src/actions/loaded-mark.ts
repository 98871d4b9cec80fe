/**
 * A small note under /run that says what a unit was last started to read. A file that looks like before is no proof that its reader is back:
 * the unit may have been started on the new file, and its invocation id cannot tell a start on the old one from a start on the new one.
 *
 * - The note changes before the first file does, and says `done` only after the unit was started on the new files.
 * - It is put back last of all, after the unit was started on the old files.
 * - /run is gone after a reboot, when every unit was started on what lies on the disk; that is the right moment to forget.
 */
import * as v from 'valibot';
import type { HostReader, HostWriter } from '../host/host.ts';

export const MarkSchema = v.object({ path: v.string(), before: v.union([v.string(), v.null()]), doing: v.string(), done: v.string() });
export type Mark = v.InferOutput<typeof MarkSchema>;

export type MarkStanding = 'before' | 'doing' | 'done' | 'other';

export const markPath = (unit: string): string => `/run/reberth.${unit}.loaded`;

export const readMark = async (host: HostReader, path: string): Promise<string | null> => (await host.readFile(path))?.bytes.toString('utf8') ?? null;

/** `what` and the invocation make the note of one change differ from that of every other. */
export function planMark(unit: string, before: string | null, what: string, invocationBefore: string): Mark {
  const words = `${unit} to read ${what}, instead of invocation ${invocationBefore}\n`;
  return { path: markPath(unit), before, doing: `about to start ${words}`, done: `started ${words}` };
}

export async function markStanding(host: HostReader, mark: Mark): Promise<MarkStanding> {
  const now = await readMark(host, mark.path);
  if (now === mark.before) return 'before';
  return now === mark.doing ? 'doing' : now === mark.done ? 'done' : 'other';
}

export async function setMark(host: HostWriter, mark: Mark, to: 'before' | 'doing' | 'done'): Promise<void> {
  const text = mark[to];
  if ((await readMark(host, mark.path)) === text) return;
  if (text === null) await host.removeFile(mark.path);
  else await host.writeFile(mark.path, { bytes: Buffer.from(text), mode: 0o644, uid: 0, gid: 0 });
}
