/**
 * What a benchmark found: pairs of a measured thing and the yardstick that was measured beside it, and the ratio of the two. Text for people and
 * plain data for everything else. Pure.
 */

export interface Row {
  readonly what: string;
  readonly measured: number;
  readonly yardstick: { readonly what: string; readonly measured: number };
  readonly unit: string;
  readonly ratio: number;
  /** The ratio that it should not exceed. */
  readonly limit?: number;
}

export interface Part {
  readonly what: string;
  readonly measured: number;
  readonly unit: string;
}

export interface Result {
  readonly name: string;
  /** What is set against what, in one sentence. */
  readonly compares: string;
  /** How often each was measured, and how the numbers below come out of that. */
  readonly runs: string;
  readonly rows: readonly Row[];
  /** Numbers without a yardstick of their own. */
  readonly parts?: readonly Part[];
  readonly notes?: readonly string[];
}

export interface Machine {
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  readonly node: string;
  /** Load average of one minute when the measuring began: what else ran. */
  readonly load: number;
}

export interface Recorded extends Result {
  readonly machine: Machine;
  readonly measuredAt: string;
}

export const row = (what: string, unit: string, measured: number, yardstick: Row['yardstick'], limit?: number): Row => ({
  what,
  measured: rounded(measured),
  yardstick: { what: yardstick.what, measured: rounded(yardstick.measured) },
  unit,
  ratio: rounded(measured / yardstick.measured),
  ...(limit === undefined ? {} : { limit }),
});

/** Three digits that mean something are all that such numbers have. */
export const rounded = (value: number): number => Number(value.toPrecision(3));

export function resultText({ name, compares, runs, rows, parts = [], notes = [], machine }: Recorded): string {
  const table = [
    ['', 'measured', 'yardstick', 'ratio', 'limit'],
    ...rows.map(({ what, measured, yardstick, unit, ratio, limit }) => [
      what,
      `${plain(measured)} ${unit}`,
      `${plain(yardstick.measured)} ${unit} (${yardstick.what})`,
      `${plain(ratio)}x`,
      limit === undefined ? '-' : `${limit}x ${ratio <= limit ? 'kept' : 'EXCEEDED'}`,
    ]),
  ];
  const list = parts.map(({ what, measured, unit }) => [`  ${what}`, `${plain(measured)} ${unit}`]);
  const on = `${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}, load ${machine.load}`;
  return [`${name}: ${compares}`, `  ${runs}; ${on}`, '', ...aligned(table), ...(list.length === 0 ? [] : ['', ...aligned(list)]), ...notes, ''].join(
    '\n',
  );
}

const plain = (value: number): string => value.toLocaleString('en-GB', { maximumSignificantDigits: 3 });

function aligned(lines: readonly (readonly string[])[]): readonly string[] {
  const width = (column: number): number => Math.max(...lines.map((cells) => cells[column]?.length ?? 0));
  return lines.map((cells) =>
    cells
      .map((cell, column) => cell.padEnd(width(column)))
      .join('  ')
      .trimEnd(),
  );
}
