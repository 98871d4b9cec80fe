// `npm run demo`: from a fresh clone to a moved control-plane address, on real hosts on this machine, with everything said as it happens.
// Asks one question on a terminal and none elsewhere. Leaves the lab up, and says what to try next and how to remove it.
import { createInterface } from 'node:readline/promises';
import { build } from './build.mjs';
import { Failure, say, seconds } from './lib/steps.mjs';
import { runSource, setUp } from './setup.mjs';

const DEPLOY_HOST = '192.0.2.41';
const NEW_ADDRESS = '192.0.2.40';

export async function demo() {
  const times = [];
  const timed = async (title, work) => {
    const startedAtMs = performance.now();
    await work();
    times.push(`  ${title.padEnd(12)} ${seconds(performance.now() - startedAtMs).padStart(12)}`);
  };
  let flavour = 'current';
  await timed('set-up', async () => {
    await setUp({ lab: true });
    flavour = await quickestFlavour();
    await setUp({ kubernetes: [flavour] });
  });
  await timed('build', build);
  heading('The lab: five hosts with Kubernetes, and a client');
  // A lab that is up already keeps its flavour.
  await timed('lab', () => lab('up', ...(flavour === 'current' ? [] : ['--flavour', flavour])));
  heading('The plan');
  await timed('plan', () => reberth('plan', '--to', NEW_ADDRESS));
  if (!(await agreed())) return goodbye('Nothing was moved.', times);
  heading('The move');
  await timed('move', () => reberth('apply', '--yes'));
  heading('The report');
  await timed('report', () => reberth('report'));
  return goodbye(`The control plane is at ${NEW_ADDRESS} now.`, times);
}

/** What is built already needs no waiting; else the current line. */
async function quickestFlavour() {
  const { hasKubernetes } = await import('./kubernetes.mjs');
  return ['current', '1.20'].find((flavour) => hasKubernetes(flavour)) ?? 'current';
}

async function lab(...args) {
  const code = await runSource('lab/src/main.ts', args);
  if (code !== 0)
    throw new Failure(
      `cannot go on: lab ${args.join(' ')} ended with code ${code}\nstate: whatever of the lab is up stays up\nnext:  npm run lab -- status, or npm run lab -- down to remove it`,
    );
}

const reberth = (...args) => lab('exec', DEPLOY_HOST, '--', 'reberth', ...args);

async function agreed() {
  if (!process.stdin.isTTY) return true;
  const questions = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await questions.question(`Move the cluster to ${NEW_ADDRESS} now? [Y/n] `);
  questions.close();
  return !/^n/i.test(answer.trim());
}

const heading = (text) => say(`\n── ${text} ${'─'.repeat(Math.max(0, 90 - text.length))}\n`);

function goodbye(text, times) {
  say(`
${text} The lab stays up.

${times.join('\n')}

Try next:
  npm run -s lab -- exec ${DEPLOY_HOST} -- kubectl get nodes -o wide
  npm run -s lab -- exec ${DEPLOY_HOST} -- reberth health
  npm run -s lab -- exec ${DEPLOY_HOST} -- reberth undo --yes      every file, mode and unit back as it was
  npm run -s lab -- exec ${DEPLOY_HOST} -- reberth --help
  npm run lab -- down                                        removes every trace`);
  return 0;
}
