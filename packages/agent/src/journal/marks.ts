/**
 * The highest epoch and counter that this host has accepted, kept apart from the journal because every ask raises them. They only ever rise,
 * and are on disk before `raise` resolves.
 */
import { messageOf, ReberthError } from '@reberth/protocol/errors.ts';
import * as v from 'valibot';

export interface Mark {
  readonly epoch: number;
  readonly counter: number;
}

export interface Marks {
  read(): Mark;
  raise(mark: Mark): Promise<void>;
}

/** One small file, replaced as a whole. */
export interface MarksFile {
  read(): Promise<string | undefined>;
  replace(text: string): Promise<void>;
}

const MarkSchema = v.strictObject({ epoch: v.number(), counter: v.number() });

export async function openMarks(file: MarksFile): Promise<Marks> {
  let kept = parse(await file.read());
  // One write after the other: an older one that ends later must not lower what is on disk.
  let last: Promise<void> = Promise.resolve();

  const write = async (mark: Mark): Promise<void> => {
    if (!isHigher(mark, kept)) return;
    const next = { epoch: mark.epoch, counter: mark.counter };
    await file.replace(`${JSON.stringify(next)}\n`);
    kept = next;
  };

  return {
    read: () => kept,
    raise(mark) {
      const writing = last.then(() => write(mark));
      last = writing.catch(() => undefined);
      return writing;
    },
  };
}

const isHigher = (a: Mark, b: Mark): boolean => a.epoch > b.epoch || (a.epoch === b.epoch && a.counter > b.counter);

function parse(text: string | undefined): Mark {
  if (text === undefined) return { epoch: 0, counter: 0 };
  try {
    return v.parse(MarkSchema, JSON.parse(text));
  } catch (cause) {
    throw new ReberthError('journal-damaged', `cannot trust the marks of accepted asks: ${messageOf(cause)}`, { cause });
  }
}
