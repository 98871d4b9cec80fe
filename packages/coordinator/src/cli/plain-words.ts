/** What the system and the schemas say about files, in the words of people. Anything not known here is told as it came. Pure. */
import { messageOf } from '@reberth/protocol/errors.ts';
import * as v from 'valibot';

const CODES: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of the path is no folder',
  EISDIR: 'this is a folder',
  EEXIST: 'something else has this name',
  EACCES: 'not allowed for this user',
  EPERM: 'not allowed for this user',
  EROFS: 'the file system takes no writes',
  ENOSPC: 'the disk is full',
  ENAMETOOLONG: 'the name is too long',
};

export function fileTrouble(error: unknown): string {
  if (error instanceof SyntaxError) return `it is not JSON, or only a part of it (${error.message})`;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return CODES[code] ?? messageOf(error);
}

const SHOWN = 3;

/** `cluster is missing`, at most a few: a file that is something else altogether lacks everything. */
export function schemaTrouble(issues: readonly v.BaseIssue<unknown>[]): readonly string[] {
  const told = issues.slice(0, SHOWN).map((issue) => {
    const key = v.getDotPath(issue) ?? '';
    return issue.received === 'undefined'
      ? `${key} is missing`
      : `${key === '' ? '' : `${key}: `}expected ${issue.expected ?? 'something else'}, found ${issue.received}`;
  });
  return issues.length > SHOWN ? [...told, `and ${issues.length - SHOWN} more`] : told;
}
