/** Hosts for people: a table, and below it what is wrong on each. Pure. */
import type { HostRow } from '../../api/service.ts';
import { table } from './table.ts';
import { duration, type Paint } from './words.ts';

export function renderHosts(rows: readonly HostRow[], paint: Paint): string {
  const [head = '', ...body] = table(
    ['HOST', 'STATE', 'HEARD', 'AGENT', 'OPEN STEPS'],
    rows.map(({ id, state, heardSecondsAgo, agentVersion, openSteps }) => [
      id,
      state,
      heardSecondsAgo === undefined ? 'never' : heardSecondsAgo < 60 ? `${heardSecondsAgo} s ago` : `${duration(heardSecondsAgo * 1_000)} ago`,
      agentVersion || '-',
      openSteps.join(', ') || '-',
    ]),
  );
  const lines = body.flatMap((text, index) => [
    paintedBy(rows[index], text, paint),
    ...(rows[index]?.problems ?? []).map((problem) => `    ${problem}`),
  ]);
  return `${[paint('bold', head), ...lines].join('\n')}\n`;
}

const paintedBy = (row: HostRow | undefined, text: string, paint: Paint): string =>
  row?.state === 'well' ? text : paint(row?.state === 'unwell' ? 'yellow' : 'red', text);
