// `npm run -s lab -- COMMAND …`: the lab's own program on the pinned Node. Silent itself, unless something has to be installed or built
// first, so that `exec HOST -- COMMAND` prints that command's output and nothing else.
import { build } from './build.mjs';
import { runSource, setUp } from './setup.mjs';

/** These put the present build on the hosts. */
const WITH_BUILD = ['up', 'refresh'];

export async function lab(args) {
  await setUp({ lab: true });
  if (args.some((word) => WITH_BUILD.includes(word)) && !args.includes('--')) await build();
  return runSource('lab/src/main.ts', args);
}
