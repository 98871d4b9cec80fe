// `npm run -s lab -- COMMAND …`: the lab's own program on the pinned Node. Silent itself, unless something has to be installed first, so
// that `exec HOST -- COMMAND` prints that command's output and nothing else.
import { runSource, setUp } from './setup.mjs';

export async function lab(args) {
  await setUp({ lab: true });
  return runSource('lab/src/main.ts', args);
}
