/** A load balancer tells the segment again what it holds, after a load and after taking one back; a backup, which holds nothing, says nothing. */
import { actionFor } from '@reberth/agent/actions/index.ts';
import test from 'ava';
import { fixtures } from './fixtures/index.ts';
import { caseOf, changeFor } from './walk.ts';

const action = actionFor('vrrp-instance-loaded', 1);
if (action === undefined) throw new Error('there is no such action');

for (const fixture of fixtures['vrrp-instance-loaded'] ?? []) {
  const holds = fixture.title.endsWith('holder');
  test(`${fixture.title}: ${holds ? 'what is held is announced' : 'nothing is announced'} after the reload, and again when it is taken back`, async (t) => {
    const each = caseOf(action, fixture);
    const change = await changeFor(each);
    const host = await fixture.host();
    await action.apply(host, change, each.params);
    await action.undo(host, change, each.params);
    const told = host.calls.filter(({ name }) => name === 'reloadUnit' || name === 'announce').map(({ name }) => name);
    t.is(told[0], 'reloadUnit');
    t.is(told.lastIndexOf('reloadUnit') < told.lastIndexOf('announce'), holds);
    t.is(told.slice(0, told.lastIndexOf('reloadUnit')).includes('announce'), holds);
  });
}
