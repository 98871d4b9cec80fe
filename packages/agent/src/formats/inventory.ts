/**
 * An Ansible inventory in INI form: groups with hosts and their variables, and group variables. Changing variables keeps quotes,
 * spacing, comments and order, because people keep their knowledge of the cluster in this file. Two different values of one
 * variable in one section are a problem that names both lines; nobody should have to guess which one counts.
 */
import { type Parsed, type Problem, parsed, problem, wrong } from './parsed.ts';
import { applyEdits, type Edit, type Line, linesOf } from './text.ts';

export interface InventoryGroup {
  readonly name: string;
  readonly hosts: readonly { readonly name: string; readonly vars: Readonly<Record<string, string>> }[];
  readonly vars: Readonly<Record<string, string>>;
}

export interface VariableChange {
  readonly name: string;
  readonly from: string;
  readonly to: string;
}

interface Variable {
  readonly name: string;
  readonly value: string;
  readonly line: number;
  /** Place of the value, without quotes. */
  readonly start: number;
  readonly end: number;
  readonly quoted: boolean;
}

interface Section {
  /** As written: `kube-master`, `all:vars`. */
  readonly title: string;
  readonly line: number;
  readonly variables: readonly Variable[];
  readonly lines: readonly Line[];
}

export function readInventory(text: string): Parsed<readonly InventoryGroup[]> {
  const sections = parse(text);
  if (!sections.ok) return sections;
  const names = new Set(
    sections.value.filter(({ title, lines }) => title !== 'ungrouped' || lines.length > 0).map(({ title }) => title.split(':')[0] ?? title),
  );
  return parsed([...names].map((name) => groupOf(name, sections.value)));
}

/** Every value must be its `from` or its `to`; all that are not are named at once. */
export function setVariables(text: string, title: string, set: readonly VariableChange[]): Parsed<string> {
  const sections = parse(text);
  if (!sections.ok) return sections;
  const own = sections.value.filter((section) => section.title === title);
  if (own.length === 0) return wrong(problem(0, `there is no section [${title}]`));
  const variables = own.flatMap((section) => section.variables);
  const changes = set.map((change) => editsFor(variables, change, title, own[0]?.line ?? 0));
  const problems = changes.flatMap((change) => (change.ok ? [] : change.problems));
  return problems.length > 0
    ? wrong(...problems)
    : parsed(
        applyEdits(
          text,
          changes.flatMap((change) => (change.ok ? change.value : [])),
        ),
      );
}

function editsFor(variables: readonly Variable[], { name, from, to }: VariableChange, title: string, sectionLine: number): Parsed<readonly Edit[]> {
  const own = variables.filter((variable) => variable.name === name);
  if (own.length === 0) return wrong(problem(sectionLine, `${name} is not in [${title}]`));
  const third = own.filter(({ value }) => value !== from && value !== to);
  if (third.length > 0)
    return wrong(...third.map(({ line, value }) => problem(line, `${name} is ${value === '' ? 'empty' : value}, neither ${from} nor ${to}`)));
  const unfit = own.filter(({ quoted }) => (quoted ? /["'\\\r\n]/ : /["'\\\s#;]/).test(to));
  if (unfit.length > 0) return wrong(...unfit.map(({ line }) => problem(line, `cannot write ${to} here without changing the quotes`)));
  return parsed(own.filter(({ value }) => value !== to).map(({ start, end }) => ({ start, end, text: to })));
}

function parse(text: string): Parsed<readonly Section[]> {
  const problems: Problem[] = [];
  const sections: { title: string; line: number; lines: Line[] }[] = [{ title: 'ungrouped', line: 0, lines: [] }];
  for (const line of linesOf(text)) {
    const code = line.text.trim();
    if (code === '' || code.startsWith('#') || code.startsWith(';')) continue;
    if (!code.startsWith('[')) sections.at(-1)?.lines.push(line);
    else {
      const title = /^\[([^\][\s]+)\]\s*([#;].*)?$/.exec(code)?.[1];
      if (title === undefined) problems.push(problem(line.number, `cannot read the section ${code}`));
      else sections.push({ title, line: line.number, lines: [] });
    }
  }
  const read = sections.map(
    ({ title, line, lines }): Section => ({
      title,
      line,
      lines,
      variables: title.endsWith(':vars') ? lines.flatMap((each) => readVariable(each, problems)) : [],
    }),
  );
  problems.push(...contradictions(read));
  return problems.length > 0 ? wrong(...problems.toSorted((a, b) => a.line - b.line)) : parsed(read);
}

/** `NAME = "value"  # why`. A comment after a bare value needs a space before it, so that `a#b` stays a value. */
function readVariable({ text, number, start }: Line, problems: Problem[]): readonly Variable[] {
  const match = /^(?<head>\s*(?<name>[^\s=#]+)\s*=\s*)(?<rest>.*?)\s*$/.exec(text);
  const { head, name, rest } = match?.groups ?? {};
  if (head === undefined || name === undefined || rest === undefined) {
    // Without its words: they may be a password.
    problems.push(problem(number, 'this line of a section of variables is not NAME=value'));
    return [];
  }
  const quoted = /^(?:"([^"]*)"|'([^']*)')\s*([#;].*)?$/.exec(rest);
  const value = quoted === null ? rest.replace(/(^|\s+)#.*$/, '') : (quoted[1] ?? quoted[2] ?? '');
  const at = start + head.length + (quoted === null ? 0 : 1);
  return [{ name, value, line: number, start: at, end: at + value.length, quoted: quoted !== null }];
}

function contradictions(sections: readonly Section[]): readonly Problem[] {
  const first = new Map<string, Variable>();
  return sections.flatMap(({ title, variables }) =>
    variables.flatMap((variable) => {
      const key = `${title} ${variable.name}`;
      const earlier = first.get(key);
      if (earlier === undefined) first.set(key, variable);
      return earlier === undefined || earlier.value === variable.value
        ? []
        : [problem(variable.line, `${variable.name} has two values in [${title}]: one here and another in line ${earlier.line}`)];
    }),
  );
}

function groupOf(name: string, sections: readonly Section[]): InventoryGroup {
  const hosts = sections.filter(({ title }) => title === name).flatMap(({ lines }) => lines.map(({ text }) => readHost(text)));
  const variables = sections.filter(({ title }) => title === `${name}:vars`).flatMap((section) => section.variables);
  return { name, hosts, vars: Object.fromEntries(variables.map((variable) => [variable.name, variable.value])) };
}

/** `192.0.2.41 NODE_NAME=etcd1 NODE_IP="192.0.2.41" # why` */
function readHost(line: string): InventoryGroup['hosts'][number] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)) {
    if (word.startsWith('#')) break;
    words.push(word);
  }
  const [name = '', ...rest] = words;
  const vars = rest.map((word) => {
    const at = word.indexOf('=');
    return at === -1 ? ([word, ''] as const) : ([word.slice(0, at), word.slice(at + 1).replaceAll(/["']/g, '')] as const);
  });
  return { name, vars: Object.fromEntries(vars) };
}
