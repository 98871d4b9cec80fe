/** The whole coordinator, put together as it is served, twice over one NATS cluster: one leads, the other stands by and says so. */
import { hostname } from 'node:os';
import { join } from 'node:path';
import { assemble, type Coordinator } from '@reberth/coordinator/assemble.ts';
import { parseConfig } from '@reberth/coordinator/config.ts';
import test from 'ava';
import { CLUSTER, type Ground, ground, until } from '../integration/support.ts';
import { plan, stage, step, wave } from '../support/plan.ts';
import { natsCluster } from './nats-cluster.ts';

function start(here: Ground, servers: readonly string[], ends: string[]): Promise<Coordinator> {
  const config = parseConfig(
    JSON.stringify({
      cluster: CLUSTER,
      address: '127.0.0.1',
      hosts: here.hosts,
      masters: ['127.0.0.1:1'],
      store: 'jetstream',
      broker: { servers },
      pki: join(here.folder, 'etc/pki'),
      stateFolder: here.folder,
    }),
  );
  return assemble(config, here.log, { storageFailed: (error) => ends.push(String(error)), leadershipLost: (why) => ends.push(why) });
}

test('one leads; the other answers with whose standby it is, refuses commands by that name, and follows when the first is stopped', async (t) => {
  const here = await ground(t);
  const { servers } = await natsCluster(here, 1);
  const ends: string[] = [];
  const first = await start(here, servers, ends);
  t.teardown(() => first.stop());
  await until('it leads', () => !/standby/.test(first.status()));
  t.is((await first.service.status('')).text, 'no rollout yet');
  const second = await start(here, servers, ends);
  t.teardown(() => second.stop());
  const standby = `standby of ${hostname()}`;
  await until('it knows whose standby it is', () => second.status().startsWith(standby));
  t.like(await second.service.status(''), { state: 'none', text: standby, next: `reberth status on ${hostname()}` });
  const refusal = { code: 'rollout-state', message: `cannot do this here: this coordinator is ${standby}` };
  await t.throwsAsync(second.service.command('pause', '', 'operator'), refusal);
  await t.throwsAsync(second.service.report(''), refusal);
  const small = { ...plan([stage('one', [wave('w', [step('192.0.2.41/1')], { exit: [], back: [] })], { enter: [], exit: [] })]), cluster: CLUSTER };
  await t.throwsAsync(second.service.apply(small, '0'.repeat(64), { by: 'operator', holdAfter: undefined }), refusal);
  t.is((await second.service.hosts()).length, here.hosts.length);
  t.is((await second.service.health(new AbortController().signal)).rollout.text, standby);
  const doctor = await second.service.doctor(AbortSignal.timeout(10_000));
  t.regex(doctor.find(({ subject }) => subject === 'journal')?.text ?? '', /one copy/);
  await first.stop();
  await until('the second leads', () => !/standby/.test(second.status()));
  t.is((await second.service.status('')).state, 'none');
  t.deepEqual(ends, []);
});
