/** What was raised for a benchmark is taken down again, last made first, also when it fails. */
export interface Cleanup {
  add(step: () => Promise<unknown> | unknown): void;
}

export async function withCleanup<T>(work: (cleanup: Cleanup) => Promise<T>): Promise<T> {
  const steps: (() => Promise<unknown> | unknown)[] = [];
  try {
    return await work({ add: (step) => void steps.push(step) });
  } finally {
    for (const step of steps.reverse()) await step();
  }
}
