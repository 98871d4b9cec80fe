/**
 * Journals recorded by every release are read by this one and come to the same: state, report, and the steps of a host. A later release may say
 * more, and must not say otherwise. New ones are recorded with record.ts, once per release.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import packageJson from '../../package.json' with { type: 'json' };
import { ledgerEnd, rolloutEnd } from './ends.ts';

const here = import.meta.dirname;
const releases = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const endIn = (release: string, journal: string): Record<string, unknown> =>
  JSON.parse(readFileSync(join(here, release, journal.replace(/journal$/, 'end.json')), 'utf8')) as Record<string, unknown>;

test('this release is among those that are recorded', (t) => {
  t.true(releases.includes(packageJson.version), `node test/replay/record.ts records ${packageJson.version}`);
});

for (const release of releases) {
  const journals = readdirSync(join(here, release)).filter((name) => name.endsWith('.journal'));

  test(`${release}: rollouts that ended in every way, and a host, are recorded`, (t) => {
    for (const name of ['done.rollout', 'rolled-back.rollout', 'held.rollout', 'host.agent']) t.true(journals.includes(`${name}.journal`), name);
  });

  for (const journal of journals) {
    test(`${release}: ${journal} comes to the same as then`, (t) => {
      const path = join(here, release, journal);
      t.like(journal.endsWith('.agent.journal') ? ledgerEnd(path) : rolloutEnd(path), endIn(release, journal));
    });
  }
}

test('what is recorded now can be replayed, and recording does not write over what is there', async (t) => {
  const parent = mkdtempSync(join(tmpdir(), 'reberth-replay-'));
  t.teardown(() => rmSync(parent, { recursive: true }));
  const { execFileSync } = await import('node:child_process');
  const folder = join(parent, 'now');
  const record = () => execFileSync(process.execPath, [join(here, 'record.ts'), folder], { stdio: 'pipe' });
  record();
  t.true(existsSync(join(folder, 'done.rollout.journal')));
  t.like(rolloutEnd(join(folder, 'held.rollout.journal')), { standing: { state: 'held' } });
  t.like(ledgerEnd(join(folder, 'host.agent.journal')), { entries: [{ standing: 'undone' }] });
  const error = t.throws(record);
  t.regex(String(error), /is there already; what a release wrote is not written anew/);
});
