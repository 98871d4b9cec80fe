/**
 * From calls to an async iterable: what is pushed comes out in order, and the end comes after everything pushed. Unbounded, so only for
 * producers that are bounded themselves.
 */

export interface Queue<T> extends AsyncIterable<T> {
  push(item: T): void;
  end(): void;
}

export function queue<T>(): Queue<T> {
  const items: T[] = [];
  let ended = false;
  let wake: () => void = () => {};
  return {
    push(item) {
      items.push(item);
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const item = items.shift();
        if (item !== undefined) yield item;
        else if (ended) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
