/**
 * The shape of a fact: one thing this host knows about itself. A fact never throws for a broken file: it hands back what it could read and
 * says of the rest which file, which line and why. Planning refuses with those words.
 */
import { messageOf } from '@reberth/protocol/errors.ts';
import type { Facts } from '@reberth/protocol/facts.ts';
import type { HostReader } from '../host/host.ts';
import type { Survey } from './ports.ts';

export type Problem = Facts['problems'][number];

export interface FactContext {
  readonly host: HostReader;
  readonly survey: Survey;
}

export interface Found<T> {
  readonly value: T;
  readonly problems: readonly Problem[];
}

export const found = <T>(value: T, problems: readonly Problem[] = []): Found<T> => ({ value, problems });

export const problemAt = (file: string, line: number, message: string): Problem => ({ file, line, message });

/** A file's text; `undefined` when there is none. What cannot be read is a problem. */
export async function readText(host: HostReader, path: string): Promise<Found<string | undefined>> {
  try {
    const file = await host.readFile(path);
    return found(file?.bytes.toString('utf8'));
  } catch (error) {
    return found(undefined, [problemAt(path, 0, messageOf(error))]);
  }
}
