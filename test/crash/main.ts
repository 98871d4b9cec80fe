/**
 * `npm run crash-matrix`: the whole matrix as a table. Ends with 1 when a single point was not survived or not tried. `--every N` takes every n-th
 * point; ctrl-C ends it early and prints what there is.
 */
import { parseArgs } from 'node:util';
import { runMatrix } from './matrix.ts';
import { tableOf } from './table.ts';

const { values } = parseArgs({ options: { every: { type: 'string', default: '1' }, lanes: { type: 'string', default: '3' } } });
const startedAtMs = performance.now();
const tell = (text: string): void => void process.stderr.write(`${text}\n`);
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const matrix = await runMatrix({ lanes: Number(values.lanes), every: Number(values.every), signal: stop.signal, tell });
const tookMs = performance.now() - startedAtMs;
process.stdout.write(tableOf(matrix, tookMs));
process.exit(matrix.results.length === matrix.wanted && matrix.results.every(({ survived }) => survived) ? 0 : 1);
