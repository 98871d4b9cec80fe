/**
 * Background work by name: what is wanted runs once, what is wanted no more is told to stop. Errors are the work's own to answer; one that
 * escapes is handed to `onError` and the name is free again.
 */
export interface Tasks {
  reconcile(wanted: ReadonlyMap<string, (signal: AbortSignal) => Promise<void>>): void;
  stop(): void;
}

export function createTasks(onError: (name: string, error: unknown) => void): Tasks {
  const running = new Map<string, AbortController>();
  const start = (name: string, work: (signal: AbortSignal) => Promise<void>): void => {
    const controller = new AbortController();
    running.set(name, controller);
    work(controller.signal)
      .catch((error: unknown) => {
        if (!controller.signal.aborted) onError(name, error);
      })
      .finally(() => {
        if (running.get(name) === controller) running.delete(name);
      });
  };
  const stopAll = (keep: ReadonlyMap<string, unknown>): void => {
    for (const [name, controller] of running) {
      if (keep.has(name)) continue;
      controller.abort();
      running.delete(name);
    }
  };
  return {
    reconcile(wanted) {
      stopAll(wanted);
      for (const [name, work] of wanted) if (!running.has(name)) start(name, work);
    },
    stop: () => stopAll(new Map()),
  };
}
