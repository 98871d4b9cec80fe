/**
 * A cfssl signing request (`kubernetes-csr.json`): its common name and the hosts it asks for. Changing hosts replaces in place, keeps
 * the order and the layout of the rest, and touches nothing outside the `hosts` list.
 */
import { type JsonPlace, parseJson } from './json-places.ts';
import { type Parsed, parsed, problem, wrong } from './parsed.ts';
import { applyEdits, type Edit, lineAt } from './text.ts';

export interface SigningRequest {
  readonly cn: string;
  readonly hosts: readonly string[];
}

interface HostPlaces {
  readonly list: JsonPlace & { readonly is: 'array' };
  readonly hosts: readonly { readonly host: string; readonly start: number; readonly end: number }[];
  readonly cn: string;
}

export function readSigningRequest(text: string): Parsed<SigningRequest> {
  const places = hostPlaces(text);
  return places.ok ? parsed({ cn: places.value.cn, hosts: places.value.hosts.map(({ host }) => host) }) : places;
}

/** The first new host takes the place of the first one removed, and so on; what is left over is deleted, or added at the end. Unchanged when it is so already. */
export function setHosts(text: string, { remove, add }: { readonly remove: readonly string[]; readonly add: readonly string[] }): Parsed<string> {
  const places = hostPlaces(text);
  if (!places.ok) return places;
  const { list, hosts } = places.value;
  const missing = add.filter((host) => !hosts.some((there) => there.host === host));
  const leaving = hosts.filter(({ host }) => remove.includes(host) && !add.includes(host));
  const replaced = leaving.slice(0, missing.length);
  const appended = missing.slice(leaving.length);
  const staying = hosts.filter((host) => !leaving.includes(host) || replaced.includes(host));
  const edits: Edit[] = [
    ...replaced.map(({ start, end }, index) => ({ start, end, text: JSON.stringify(missing[index]) })),
    ...cuts(hosts, leaving.slice(missing.length)),
  ];
  if (appended.length > 0) edits.push(appendEdit(text, list, staying, appended));
  return parsed(applyEdits(text, edits));
}

/** Each goes with the comma before it; those at the head of the list, with what follows them. */
function cuts(hosts: HostPlaces['hosts'], leaving: HostPlaces['hosts']): readonly Edit[] {
  const first = hosts.find((host) => !leaving.includes(host));
  const head = hosts.slice(0, first === undefined ? hosts.length : hosts.indexOf(first));
  const [start] = head;
  const end = first?.start ?? hosts.at(-1)?.end ?? 0;
  const rest = hosts.flatMap((host, index) =>
    leaving.includes(host) && !head.includes(host) ? [{ start: hosts[index - 1]?.end ?? host.start, end: host.end, text: '' }] : [],
  );
  return [...(start === undefined ? [] : [{ start: start.start, end, text: '' }]), ...rest];
}

function appendEdit(text: string, list: JsonPlace, staying: HostPlaces['hosts'], appended: readonly string[]): Edit {
  const last = staying.at(-1);
  const before = staying.at(-2);
  const written = appended.map((host) => JSON.stringify(host));
  if (last === undefined) return { start: list.start + 1, end: list.start + 1, text: written.join(', ') };
  // As the list does it: what stands between two hosts, or between the bracket and the only one.
  const between = before === undefined ? `,${text.slice(list.start + 1, last.start) || ' '}` : text.slice(before.end, last.start);
  return { start: last.end, end: last.end, text: written.map((host) => `${between}${host}`).join('') };
}

function hostPlaces(text: string): Parsed<HostPlaces> {
  const json = parseJson(text);
  if (!json.ok) return json;
  const line = (offset: number): number => lineAt(text, offset);
  if (json.value.is !== 'object') return wrong(problem(1, 'this is not a signing request: no keys at the top'));
  const [member, twin] = json.value.members.filter(({ key }) => key === 'hosts');
  if (member === undefined) return wrong(problem(1, 'hosts is missing'));
  if (twin !== undefined) return wrong(problem(line(twin.start), `hosts stands twice: here and in line ${line(member.start)}`));
  const list = member.value;
  if (list.is !== 'array') return wrong(problem(line(list.start), 'hosts is not a list'));
  const odd = list.items.find((item) => item.is !== 'scalar' || typeof item.value !== 'string');
  if (odd !== undefined) return wrong(problem(line(odd.start), 'hosts holds something that is not a text'));
  const cn = json.value.members.find(({ key }) => key === 'CN')?.value;
  const hosts = list.items.flatMap((item) => (item.is === 'scalar' ? [{ host: String(item.value), start: item.start, end: item.end }] : []));
  return parsed({ list, hosts, cn: cn?.is === 'scalar' ? String(cn.value) : '' });
}
