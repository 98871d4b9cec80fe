/**
 * The VRRP instances of a keepalived.conf: what they are, and the same text with one more or one less. An added instance is a copy of
 * another with its own name, router id and one address; everything else in the copy stays, and everything outside it does too.
 * What cannot be copied with a good conscience is refused, with its line.
 */
import * as v from 'valibot';
import { parseKeepalived, type Statement, type Word } from './keepalived-blocks.ts';
import { type Parsed, type Problem, parsed, problem, wrong } from './parsed.ts';
import { wholeAddress } from './places.ts';
import { applyEdits, type Edit, lineEnd, lineEnding, lineStart } from './text.ts';

export interface VirtualAddress {
  readonly address: string;
  readonly line: number;
}

export interface VrrpInstance {
  readonly name: string;
  readonly line: number;
  readonly state: string;
  readonly networkInterface: string;
  readonly virtualRouterId: number;
  readonly priority: number;
  readonly advertIntS: number;
  readonly addresses: readonly VirtualAddress[];
  readonly excluded: readonly VirtualAddress[];
  readonly unicastPeers: readonly string[];
}

export interface NewVrrpInstance {
  /** Name of the instance to copy. */
  readonly like: string;
  readonly name: string;
  readonly virtualRouterId: number;
  readonly address: string;
}

/** Would do the same a second time, and to the old address: a copy with them in it needs a person. */
const NOT_COPIED = ['virtual_routes', 'virtual_rules'];

export function vrrpInstances(text: string): Parsed<readonly VrrpInstance[]> {
  const tree = parseKeepalived(text);
  if (!tree.ok) return tree;
  const found = instancesIn(tree.value).map(readInstance);
  const problems = found.flatMap((instance) => (instance.ok ? [] : instance.problems));
  return problems.length > 0 ? wrong(...problems) : parsed(found.flatMap((instance) => (instance.ok ? [instance.value] : [])));
}

/** Paths that the file includes. What they hold is not looked at. */
export function keepalivedIncludes(text: string): Parsed<readonly string[]> {
  const tree = parseKeepalived(text);
  if (!tree.ok) return tree;
  const within = (statements: readonly Statement[]): readonly string[] =>
    statements.flatMap(({ words, block }) => [
      ...(/^include[a-z]?$/.test(words[0]?.text ?? '') ? words.slice(1, 2).map((word) => word.text) : []),
      ...within(block?.statements ?? []),
    ]);
  return parsed(within(tree.value));
}

/** The text unchanged when exactly this instance is there already. */
export function addVrrpInstance(text: string, change: NewVrrpInstance): Parsed<string> {
  const tree = parseKeepalived(text);
  if (!tree.ok) return tree;
  const known = vrrpInstances(text);
  if (!known.ok) return known;
  const there = known.value.find(({ name }) => name === change.name);
  if (there !== undefined)
    return sameAs(there, change)
      ? parsed(text)
      : wrong(problem(there.line, `instance ${change.name} is there already, with another router id or other addresses`));
  const like = instancesIn(tree.value).filter(({ words }) => words[1]?.text === change.like);
  const [model, second] = like;
  if (model === undefined) return wrong(problem(0, `there is no vrrp_instance ${change.like}`));
  const problems = [
    ...reasonsAgainst(known.value, change),
    ...(second === undefined ? [] : [problem(second.line, `vrrp_instance ${change.like} stands in line ${model.line} already`)]),
  ];
  const copy = copyOf(text, model, change);
  if (!copy.ok || problems.length > 0) return wrong(...problems, ...(copy.ok ? [] : copy.problems));
  return parsed(insertAfter(text, model, copy.value));
}

/** The text unchanged when there is no such instance. Takes the empty line above the instance with it. */
export function removeVrrpInstance(text: string, { name }: { readonly name: string }): Parsed<string> {
  const tree = parseKeepalived(text);
  if (!tree.ok) return tree;
  const [instance, second] = instancesIn(tree.value).filter(({ words }) => words[1]?.text === name);
  if (instance === undefined) return parsed(text);
  if (second !== undefined) return wrong(problem(second.line, `vrrp_instance ${name} stands in line ${instance.line} already`));
  const member = groupMember(tree.value, name);
  if (member !== undefined) return wrong(problem(member.line, `instance ${name} is a member of a vrrp_sync_group`));
  return parsed(applyEdits(text, [{ ...cutOf(text, instance), text: '' }]));
}

const instancesIn = (statements: readonly Statement[]): readonly Statement[] =>
  statements.filter(({ words, block }) => words[0]?.text === 'vrrp_instance' && block !== undefined);

const inside = (statement: Statement, keyword: string): readonly Statement[] =>
  statement.block?.statements.filter(({ words }) => words[0]?.text === keyword) ?? [];

function readInstance(instance: Statement): Parsed<VrrpInstance> {
  const problems: Problem[] = [];
  const word = (keyword: string): Word | undefined => inside(instance, keyword).at(-1)?.words[1];
  const number = (keyword: string, fallback: number): number => {
    const found = word(keyword);
    if (found === undefined) return fallback;
    if (!/^\d+(\.\d+)?$/.test(found.text)) problems.push(problem(found.line, `${keyword} is ${found.text}, which is not a number`));
    return Number(found.text);
  };
  const name = instance.words[1]?.text;
  if (name === undefined) problems.push(problem(instance.line, 'this vrrp_instance has no name'));
  const virtualRouterId = number('virtual_router_id', 0);
  if (!Number.isInteger(virtualRouterId) || virtualRouterId < 1 || virtualRouterId > 255) {
    problems.push(
      problem(
        word('virtual_router_id')?.line ?? instance.line,
        `virtual_router_id of ${name ?? 'this instance'} is ${word('virtual_router_id')?.text ?? 'missing'}; it must be from 1 to 255`,
      ),
    );
  }
  const value: VrrpInstance = {
    name: name ?? '',
    line: instance.line,
    state: word('state')?.text ?? 'BACKUP',
    networkInterface: word('interface')?.text ?? '',
    virtualRouterId,
    priority: number('priority', 100),
    advertIntS: number('advert_int', 1),
    addresses: addressesOf(instance, 'virtual_ipaddress'),
    excluded: addressesOf(instance, 'virtual_ipaddress_excluded'),
    unicastPeers: entries(instance, 'unicast_peer').flatMap(({ words }) => (words[0] === undefined ? [] : [words[0].text])),
  };
  for (const { address, line } of [...value.addresses, ...value.excluded])
    if (familyOf(address) === 0) problems.push(problem(line, `${address} is not an address`));
  return problems.length > 0 ? wrong(...problems) : parsed(value);
}

const entries = (instance: Statement, keyword: string): readonly Statement[] =>
  inside(instance, keyword).flatMap(({ block }) => block?.statements ?? []);

const addressesOf = (instance: Statement, keyword: string): readonly VirtualAddress[] =>
  entries(instance, keyword).flatMap(({ words }) => (words[0] === undefined ? [] : [{ address: withoutPrefix(words[0].text), line: words[0].line }]));

const Ipv4 = v.pipe(v.string(), v.ipv4());
const Ipv6 = v.pipe(v.string(), v.ipv6());

/** 0 for what is no address. */
const familyOf = (text: string): 0 | 4 | 6 => (v.is(Ipv4, text) ? 4 : v.is(Ipv6, text) ? 6 : 0);

const withoutPrefix = (text: string): string => text.split('/')[0] ?? text;

const sameAs = (instance: VrrpInstance, { virtualRouterId, address }: NewVrrpInstance): boolean =>
  instance.virtualRouterId === virtualRouterId &&
  instance.excluded.length === 0 &&
  instance.addresses.length === 1 &&
  instance.addresses[0]?.address === address;

function reasonsAgainst(known: readonly VrrpInstance[], { virtualRouterId, address }: NewVrrpInstance): readonly Problem[] {
  return known.flatMap((instance) => [
    ...(instance.virtualRouterId === virtualRouterId
      ? [problem(instance.line, `router id ${virtualRouterId} belongs to instance ${instance.name}`)]
      : []),
    ...[...instance.addresses, ...instance.excluded]
      .filter((virtual) => virtual.address === address)
      .map(({ line }) => problem(line, `${address} belongs to instance ${instance.name} already`)),
  ]);
}

function groupMember(tree: readonly Statement[], name: string): Word | undefined {
  const groups = tree.filter(({ words }) => words[0]?.text === 'vrrp_sync_group');
  return groups.flatMap((group) => entries(group, 'group').flatMap(({ words }) => words)).find(({ text }) => text === name);
}

/** The copied block, from its first word to its closing brace. */
function copyOf(text: string, model: Statement, change: NewVrrpInstance): Parsed<string> {
  const name = model.words[1];
  const routerId = inside(model, 'virtual_router_id').at(-1)?.words[1];
  const lists = inside(model, 'virtual_ipaddress');
  const [first, ...others] = lists.flatMap(({ block }) => block?.statements ?? []);
  const address = first?.words[0];
  const unwanted = NOT_COPIED.flatMap((keyword) => inside(model, keyword));
  const named = inside(model, 'use_vmac').filter(({ words }) => words.length > 1);
  const problems = [
    ...unwanted.map(({ line, words }) => problem(line, `cannot copy ${words[0]?.text} into another instance`)),
    ...named.map(({ line, words }) => problem(line, `cannot copy use_vmac ${words[1]?.text}: two instances cannot share it`)),
    ...(address === undefined ? [problem(model.line, `instance ${change.like} has no virtual_ipaddress`)] : []),
    ...(address !== undefined && familyOf(withoutPrefix(address.text)) !== familyOf(change.address)
      ? [problem(address.line, `${change.address} and ${withoutPrefix(address.text)} are not of one family`)]
      : []),
  ];
  if (problems.length > 0 || name === undefined || routerId === undefined || first === undefined || address === undefined) return wrong(...problems);
  const prefix = /\/\d+$/.exec(address.text)?.[0] ?? '';
  const edits: Edit[] = [
    { ...placeOf(name), text: change.name },
    { ...placeOf(routerId), text: String(change.virtualRouterId) },
    { ...placeOf(address), text: `${change.address}${prefix}` },
    ...others.map((other) => ({ ...cutLine(text, other), text: '' })),
    ...inside(model, 'virtual_ipaddress_excluded').map((list) => ({ ...cutLine(text, list), text: '' })),
  ];
  const oldAddresses = [...addressesOf(model, 'virtual_ipaddress'), ...addressesOf(model, 'virtual_ipaddress_excluded')].map(
    (virtual) => virtual.address,
  );
  return parsed(commentsWithout(applyEdits(text.slice(0, model.end), edits).slice(model.start), oldAddresses));
}

const placeOf = ({ start, end }: Word): { start: number; end: number } => ({ start, end });

/** A comment about the old addresses would be untrue in the copy, and would count as a place that holds them. */
function commentsWithout(block: string, addresses: readonly string[]): string {
  return block.replaceAll(/[ \t]*[!#][^\r\n]*/g, (comment) => (addresses.some((address) => wholeAddress(address).test(comment)) ? '' : comment));
}

function insertAfter(text: string, model: Statement, block: string): string {
  const ending = lineEnding(text);
  const indent = /^[ \t]*/.exec(text.slice(lineStart(text, model.start), model.start))?.[0] ?? '';
  const after = restIsEmpty(text, model.end) ? lineEnd(text, model.end) : model.end;
  const before = text.slice(0, after);
  const rest = text.slice(after);
  const opened = before.endsWith('\n') ? '' : ending;
  return `${before}${opened}${ending}${indent}${block}${before.endsWith('\n') ? ending : ''}${rest}`;
}

/** True when nothing but a comment follows on the line. */
const restIsEmpty = (text: string, offset: number): boolean =>
  /^[ \t]*([!#][^\r\n]*)?\r?$/.test(text.slice(offset, lineEnd(text, offset)).replace(/\n$/, ''));

/** The lines of a statement when it has them to itself, else only its own characters. */
function cutLine(text: string, { start, end }: Pick<Statement, 'start' | 'end'>): { start: number; end: number } {
  const from = lineStart(text, start);
  const alone = text.slice(from, start).trim() === '' && restIsEmpty(text, end);
  return alone ? { start: from, end: lineEnd(text, end) } : { start, end };
}

function cutOf(text: string, instance: Statement): { start: number; end: number } {
  const cut = cutLine(text, instance);
  if (cut.start === instance.start && cut.end === instance.end && lineStart(text, instance.start) !== instance.start) return cut;
  const above = /(?:^|\n)([ \t]*\r?\n)$/.exec(text.slice(0, cut.start))?.[1] ?? '';
  const start = cut.start - above.length;
  // A file without a last line ending stays one.
  const dangling = cut.end === text.length && !text.endsWith('\n') ? (/\r?\n$/.exec(text.slice(0, start))?.[0].length ?? 0) : 0;
  return { start: start - dangling, end: cut.end };
}
