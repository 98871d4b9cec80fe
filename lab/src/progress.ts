/** Says what is being done, how it goes on, and how long it took. */

export interface Progress {
  step<T>(title: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
  note(text: string): void;
}

export const silent: Progress = { step: (_title, work) => work(() => undefined), note: () => undefined };

/** A waiting reader hears something at least this often. */
const NOTE_EVERY_MS = 10_000;

export function lineProgress(write: (line: string) => void): Progress {
  return {
    note: (text) => write(`  ${text}`),
    async step(title, work) {
      const start = Date.now();
      const seconds = () => `${((Date.now() - start) / 1000).toFixed(1)} s`;
      let last = '';
      const timer = setInterval(() => write(`  … ${title}: ${last === '' ? '' : `${last}, `}${seconds()}`), NOTE_EVERY_MS);
      try {
        const result = await work((text) => {
          last = text;
        });
        write(`✓ ${title} (${last === '' ? '' : `${last}, `}${seconds()})`);
        return result;
      } catch (error) {
        write(`✗ ${title} (${seconds()})`);
        throw error;
      } finally {
        clearInterval(timer);
      }
    },
  };
}
