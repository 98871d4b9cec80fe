/**
 * `npm run chaos`: one lab, every case after another, and a table. A case that leaves the lab unwell costs the lab, which is raised anew. Ends
 * with 0 only when every case was survived. `REBERTH_KEEP_LAB` leaves the lab for a look.
 */
import { parseArgs } from 'node:util';
import { type Lab, openLab } from '../../lab/src/index.ts';
import { lineProgress } from '../../lab/src/progress.ts';
import { clusterOf } from '../support/lab/cluster.ts';
import type { ChaosCase } from './case.ts';
import { CASES, NOT_STRUCK } from './cases.ts';
import { withClientFiles } from './client-files.ts';
import { tableOf } from './table.ts';
import { type CaseResult, underFire } from './under-fire.ts';

const say = (text: string): void => void process.stderr.write(`${text}\n`);
const progress = lineProgress(say);

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { only: { type: 'string', multiple: true }, list: { type: 'boolean', default: false } } });
  const { only = [], list } = values;
  const cases = only.length === 0 ? CASES : only.flatMap((wanted) => CASES.filter(({ name }) => name === wanted || name.startsWith(`${wanted}-`)));
  if (list) {
    for (const { name, fault, moment } of cases) process.stdout.write(`${name.padEnd(40)} ${moment.stage.padEnd(20)} ${fault}\n`);
    return 0;
  }
  if (cases.length === 0) {
    say(`there is no case ${only.join(', ')}; --list names them`);
    return 2;
  }
  const lab = openLab({ name: 'chaos' });
  try {
    await lab.up(progress);
    const results: CaseResult[] = [];
    for (const [index, theCase] of cases.entries()) {
      const result = await runCase(lab, theCase);
      results.push(result);
      say(
        `${index + 1}/${cases.length} ${result.name}: ${result.course}, ${result.failed} of ${result.requests} requests failed, ${result.seconds} s`,
      );
      for (const what of [...result.wrong, ...(result.wrong.length === 0 ? [] : [...result.failures, ...result.transcript])]) say(`    ${what}`);
      if (result.wrong.length > 0) await anew(lab);
    }
    process.stdout.write(`${tableOf(results)}\n`);
    for (const [name, why] of NOT_STRUCK) process.stdout.write(`\n${name}: not struck, because ${why}\n`);
    const survived = results.filter(({ wrong }) => wrong.length === 0).length;
    process.stdout.write(`\n${survived} of ${results.length} cases survived\n`);
    return survived === results.length ? 0 : 1;
  } finally {
    if (process.env['REBERTH_KEEP_LAB'] === undefined) await lab.down(progress);
  }
}

async function runCase(lab: Lab, theCase: ChaosCase): Promise<CaseResult> {
  return withClientFiles(lab, (files) => underFire({ lab, cluster: clusterOf(lab) }, theCase, files, (text) => say(`  ${theCase.name}: ${text}`)));
}

/** Whatever went wrong, the next case must not inherit it. Kept for a look, the lab is not exchanged. */
async function anew(lab: Lab): Promise<void> {
  if (process.env['REBERTH_KEEP_LAB'] !== undefined) return;
  await lab.down(progress);
  await lab.up(progress);
}
