/** The change to a keepalived.conf that two actions share: one stages the future file, the other puts it in place and has it loaded. */
import * as v from 'valibot';
import { addVrrpInstance, removeVrrpInstance } from '../formats/keepalived.ts';
import type { Parsed } from '../formats/parsed.ts';
import { PathSchema } from './params.ts';

const NameSchema = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_.:-]{1,100}$/, 'must be the name of a VRRP instance'));
const RouterIdSchema = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(255));

export const AddressSchema = v.union([v.pipe(v.string(), v.ipv4()), v.pipe(v.string(), v.ipv6())]);

export const VrrpChangeSchema = v.variant('op', [
  v.object({ op: v.literal('add'), like: NameSchema, name: NameSchema, virtualRouterId: RouterIdSchema, address: AddressSchema }),
  v.object({ op: v.literal('remove'), name: NameSchema }),
]);
export type VrrpChange = v.InferOutput<typeof VrrpChangeSchema>;

export const vrrpFileEntries = { file: PathSchema, staged: PathSchema, change: VrrpChangeSchema };

export const isStagedBeside = ({ file, staged }: { readonly file: string; readonly staged: string }): boolean => staged === `${file}.reberth`;
export const STAGED_BESIDE = 'staged must be the file with .reberth behind it';

/** The future text; the same text when it is so already. */
export const changedText = (text: string, change: VrrpChange): Parsed<string> =>
  change.op === 'add' ? addVrrpInstance(text, change) : removeVrrpInstance(text, change);

export const changeWords = (change: VrrpChange): string =>
  change.op === 'add' ? `with VRRP instance ${change.name} for ${change.address}` : `without VRRP instance ${change.name}`;
