/** Sets variables of one section of an Ansible inventory, so that the next playbook run does not move the cluster back. */
import * as v from 'valibot';
import { setVariables } from '../formats/inventory.ts';
import { defineAction } from './action.ts';
import { fileEdit, planEdit, type SeenFile } from './file-edit.ts';
import { PathSchema, PlainSchema } from './params.ts';

const ParamsSchema = v.object({
  file: PathSchema,
  section: v.pipe(v.string(), v.regex(/^[^\s[\]]+:vars$/, 'must be a section of variables, e.g. all:vars')),
  set: v.pipe(v.array(v.object({ name: v.pipe(PlainSchema, v.minLength(1)), from: v.string(), to: PlainSchema })), v.minLength(1)),
});
type Params = v.InferOutput<typeof ParamsSchema>;

export const inventoryVariables = defineAction<Params, SeenFile>({
  ...fileEdit,
  kind: 'inventory-variables',
  version: 1,
  risk: 'local',
  params: ParamsSchema,
  title: ({ file, section, set }) => `set ${set.map(({ name, to }) => `${name} to ${to}`).join(', ')} in [${section}] of ${file}`,
  plan: ({ file, section, set }, seen) => planEdit(file, seen, (text) => setVariables(text, section, set), `[${section}] has these values already`),
});
