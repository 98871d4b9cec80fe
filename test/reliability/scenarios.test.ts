/** Stories that an operator would recognise, each with the transcript that was read and found right. UPDATE_SCENARIOS=1 writes them anew. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { tell } from '../sim/story.ts';

const FOLDER = join(import.meta.dirname, '../scenarios');
const RULE = '\n---\n';

for (const name of readdirSync(FOLDER)
  .filter((file) => file.endsWith('.txt'))
  .sort()) {
  test(`the story of ${name.replace('.txt', '').replaceAll('-', ' ')} ends as it was told`, async (t) => {
    const path = join(FOLDER, name);
    const [script = '', expected = ''] = readFileSync(path, 'utf8').split(RULE);
    const told = `${await tell(script)}\n`;
    if (process.env['UPDATE_SCENARIOS'] === '1') writeFileSync(path, `${script.trimEnd()}${RULE}${told}`);
    else t.is(told, expected);
    t.notRegex(told, /BROKEN/);
  });
}
