// Steps of a script, each said when it begins and again with its time when it ends. On standard error, so that what a command
// prints for other programs stays clean.

/** A failure that is told in one sentence, without a stack. */
export class Failure extends Error {}

export const say = (text) => process.stderr.write(`${text}\n`);

const SLOW_MS = 15_000;

/**
 * Runs `work`, which may report where it is by its argument; a step that reports nothing says every 15 s that it is still at it.
 */
export async function step(title, work) {
  const startedAtMs = performance.now();
  const took = () => seconds(performance.now() - startedAtMs);
  say(`→ ${title}`);
  let last = '';
  const still = setInterval(() => say(`  … ${last === '' ? title : last} (${took()})`), SLOW_MS);
  try {
    const result = await work((text) => {
      if (text === last) return;
      last = text;
      say(`  ${text}`);
    });
    say(`✔ ${title}  ${took()}`);
    return result;
  } catch (error) {
    say(`✘ ${title}  ${took()}`);
    throw error;
  } finally {
    clearInterval(still);
  }
}

export const seconds = (ms) =>
  ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : `${Math.floor(ms / 60_000)} min ${String(Math.round((ms % 60_000) / 1_000)).padStart(2, '0')} s`;
