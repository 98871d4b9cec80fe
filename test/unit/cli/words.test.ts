import { stripVTControlCharacters } from 'node:util';
import test from 'ava';
import { clip } from '../../../packages/coordinator/src/cli/render/tree.ts';
import { outcomeText, painter, shortDigests } from '../../../packages/coordinator/src/cli/render/words.ts';

test('a line is cut to the width of the terminal by what is seen of it, and colours are ended', (t) => {
  const text = `${painter(true)('green', '✔')} ${'x'.repeat(40)} ${painter(true)('dim', 'why'.repeat(10))}`;
  const clipped = clip(text, 50);
  t.is(stripVTControlCharacters(clipped).length, 50);
  t.true(stripVTControlCharacters(clipped).endsWith('…'));
  t.true(clipped.endsWith('\u001b[22m'));
  t.is(clip(text, 200), text);
  t.is(clip('plain '.repeat(10), 30).length, 30);
});

test('held is said once', (t) => {
  t.is(outcomeText('held', 'held after stage one'), 'held after stage one');
  t.is(outcomeText('held', 'gate'), 'held: gate');
  t.is(outcomeText('done', ''), 'done');
});

test('digests are shown as far as people compare them', (t) => {
  t.is(shortDigests(`it is ${'ab12'.repeat(16)}, not ${'0'.repeat(64)}`), 'it is ab12ab12ab12, not 000000000000');
  t.is(shortDigests('nothing to shorten: 0123456789ab'), 'nothing to shorten: 0123456789ab');
});
